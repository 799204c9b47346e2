import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { encodeMessage, MessageView } from '../../src/rpc/index.js';
import { issueOf } from '../outcome.js';
import { DONE, MEASURE, PAINT, toy } from '../toy.js';

const [done = new Uint8Array()] = encodeMessage(toy, DONE, 'notification', {
  seq: 0xabcd,
  payload: { mem_handle: 7 },
});
const reply = (fields: object) => encodeMessage(toy, PAINT, 'reply', { seq: 3, ...fields })[0] as Uint8Array;
const painted = reply({ payload: { painted: 5, left: 0 } });

describe('the view of a message', () => {
  const notifications = new MessageView<{ mem_handle: number }>(toy, DONE, 'notification');
  const replies = new MessageView<{ painted?: number }>(toy, PAINT, 'reply');

  it('shows its payload, whatever the sequence number', () => {
    expect(notifications.at(done)?.mem_handle).toBe(7);
    expect(replies.at(painted)?.painted).toBe(5);
    const around = new Uint8Array([1, 2, 3, ...done, 4]);
    expect(notifications.at(around, 3, 3 + done.length)?.mem_handle).toBe(7);
  });

  it('is undefined for each other header', () => {
    expect(notifications.at(painted)).toBeUndefined();
    for (let bit = 0; bit < 64; bit++) {
      const other = done.slice();
      other[bit >>> 3] = (other[bit >>> 3] as number) ^ (1 << (bit & 7));
      const isSeq = bit >= 16 && bit < 32;
      expect(notifications.at(other)?.mem_handle, `bit ${bit}`).toBe(isSeq ? 7 : undefined);
    }
  });

  it('is undefined for an error reply, a part of a message and what is too short for a header', () => {
    expect(replies.at(reply({ error: 7, payload: { where: 1 } }))).toBeUndefined();
    const comment = new Uint8Array(255);
    const payload = { mem_handle: 1, parts: 0, comment, cells_vmid: 0, cells: [] };
    const parts = encodeMessage(toy, PAINT, 'request', { seq: 1, payload });
    const requests = new MessageView(toy, PAINT, 'request');
    expect(parts.map((part) => requests.at(part))).toEqual([undefined, undefined]);
    for (let end = 0; end < 8; end++) expect(notifications.at(done, 0, end)).toBeUndefined();
    for (let end = 0; end < 12; end++) expect(replies.at(painted, 0, end)).toBeUndefined();
  });

  it('refuses a payload that does not decode, by its own offsets', () => {
    const issue = { code: 'truncated', path: 'mem_handle', offset: 4, expected: 4, actual: 3 };
    expect(issueOf(() => notifications.at(done, 0, done.length - 1))).toEqual(issue);
    expect(issueOf(() => replies.at(painted, 0, painted.length - 1)).offset).toBe(6);
  });

  it('takes the request of a reply that depends on it', () => {
    const [frame = new Uint8Array()] = encodeMessage(toy, MEASURE, 'reply', {
      seq: 3,
      payload: { total: 9n },
    });
    const totals = new MessageView<{ total: bigint }>(toy, MEASURE, 'reply');
    expect(totals.at(frame, 0, frame.length, { route: 2 })?.total).toBe(9n);
  });

  it('is refused for a kind that the message does not have', () => {
    expect(() => new MessageView(toy, DONE, 'request')).toThrow(UsageError);
    expect(() => notifications.at(done, 0, done.length + 1)).toThrow(UsageError);
  });
});
