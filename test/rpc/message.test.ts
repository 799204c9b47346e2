import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { parseHex } from '../../src/base/hex.js';
import { decodeMessage, encodeMessage } from '../../src/rpc/index.js';
import { valuesOf } from '../arbitrary.js';
import { issueOf } from '../outcome.js';
import { holds } from '../seeded.js';
import { DONE, MEASURE, PAINT, toy } from '../toy.js';
import { frameOf } from './frames.js';

const cell = { address: 1n, colour: 2, depth: 3, shift: 4, key: new Uint8Array(8), level: 5 };
const paint = { mem_handle: 1, parts: 0, comment: new Uint8Array(2), cells_vmid: 0, cells: [cell] };

describe('a message goes there and back', () => {
  it('as a request of any size', () => {
    holds(
      fc.property(valuesOf(PAINT.request, 'decoded'), fc.nat({ max: 0xffff }), (payload, seq) => {
        const frames = encodeMessage(toy, PAINT, 'request', { seq, payload: payload as typeof paint });
        const decoded = decodeMessage(toy, frames, { message: PAINT, type: 'request' });
        expect(decoded).toMatchObject({
          type: 'request',
          seq,
          id: PAINT.id,
          message: PAINT,
          error: undefined,
        });
        expect(decoded.payload).toEqual(payload);
      }),
      50,
    );
  });

  it('in several queue messages', () => {
    const payload = { ...paint, cells: new Array(20).fill(cell) };
    const frames = encodeMessage(toy, PAINT, 'request', { seq: 9, payload });
    expect(frames.map(({ length }) => length)).toEqual([240, 240, 116]);
    expect(decodeMessage(toy, frames).payload).toMatchObject(payload);
    expect(decodeMessage(toy, frames).bytes).toHaveLength(572);
  });

  it('as a reply, an error reply and a notification', () => {
    const reply = encodeMessage(toy, PAINT, 'reply', { seq: 1, payload: { painted: 2, left: 3 } });
    expect(decodeMessage(toy, reply)).toMatchObject({
      type: 'reply',
      error: 0,
      payload: { painted: 2, left: 3 },
    });
    expect(decodeMessage(toy, reply).bytes).toHaveLength(8);
    const refused = encodeMessage(toy, PAINT, 'reply', { seq: 1, error: 7, payload: { where: 4 } as never });
    expect(decodeMessage(toy, refused)).toMatchObject({ error: 7, payload: { where: 4 } });
    const plain = encodeMessage(toy, MEASURE, 'reply', { seq: 1, error: 0xffff_ffff });
    expect(decodeMessage(toy, plain)).toMatchObject({ error: 0xffff_ffff, payload: undefined });
    const note = encodeMessage(toy, DONE, 'notification', { seq: 1, payload: { mem_handle: 5 } });
    expect(decodeMessage(toy, note)).toMatchObject({ type: 'notification', payload: { mem_handle: 5 } });
  });

  it('as a reply by the request', () => {
    const frames = encodeMessage(toy, MEASURE, 'reply', { seq: 1, payload: { total: 6n } });
    expect(decodeMessage(toy, frames, { request: { route: 2 } }).payload).toEqual({ total: 6n });
    expect(issueOf(() => decodeMessage(toy, frames)).code).toBe('choice');
  });

  it('with its bytes where nothing is known of it', () => {
    const decoded = decodeMessage(toy, frameOf('request', '6162', { id: 0x99 }));
    const bytes = parseHex('6162');
    expect(decoded).toMatchObject({ id: 0x99, message: undefined, payload: undefined, bytes });
  });
});

describe('frames that are not one whole message are refused', () => {
  const begun = frameOf('reply', '00000000', { more: 1 });
  const whole = frameOf('reply', '00000000');
  const end = frameOf('continuation', '61', { more: 1 });

  it.each([
    ['none', [], 'frames'],
    ['the beginning only', [begun], 'frames'],
    ['two', [whole, whole], 'frames'],
    ['a continuation only', [end], 'frames'],
    ['one too many', [begun, end, end], 'frames'],
    ['another begun before', [begun, whole], 'frames'],
    ['another begun behind', [whole, begun], 'frames'],
    ['no header', [new Uint8Array(3)], 'short'],
    ['another version', [new Uint8Array(8)], 'api'],
  ])('%s', (_, frames, code) => {
    expect(issueOf(() => decodeMessage(toy, frames)).code).toBe(code);
  });

  it('or not the one that was asked for', () => {
    const options = { message: DONE, type: 'notification' } as const;
    const wrongId = issueOf(() => decodeMessage(toy, whole, options));
    expect(wrongId).toEqual({ code: 'id', path: '', offset: 0, expected: DONE.id, actual: 0x17 });
    const wrongType = issueOf(() =>
      decodeMessage(toy, frameOf('reply', '00000000', { id: DONE.id }), options),
    );
    expect(wrongType).toEqual({
      code: 'type',
      path: '',
      offset: 0,
      expected: 'notification',
      actual: 'reply',
    });
  });

  it('or a reply without an error word', () => {
    const issue = { code: 'truncated', path: 'error', offset: 0, expected: 4, actual: 2 };
    expect(issueOf(() => decodeMessage(toy, frameOf('reply', '0000')))).toEqual(issue);
  });
});

describe('what cannot be sent is refused', () => {
  it('a kind that the message does not have is misuse', () => {
    expect(() => encodeMessage(toy, DONE, 'request', { seq: 1 })).toThrow(UsageError);
    expect(() => encodeMessage(toy, PAINT, 'notification', { seq: 1 })).toThrow(UsageError);
  });

  it('so is a payload above what queue messages can carry', () => {
    const payload = { ...paint, cells: new Array(600).fill(cell) };
    expect(() => encodeMessage(toy, PAINT, 'request', { seq: 1, payload })).toThrow(UsageError);
  });

  it('a number or an error code out of range is no value of its field', () => {
    expect(issueOf(() => encodeMessage(toy, PAINT, 'reply', { seq: 65_536, payload: {} }))).toMatchObject({
      code: 'range',
      path: 'seq',
    });
    const wrong = () => encodeMessage(toy, MEASURE, 'reply', { seq: 1, error: 2 ** 32 + 1 });
    expect(issueOf(wrong)).toMatchObject({ code: 'range', path: 'error', actual: 2 ** 32 + 1 });
  });
});
