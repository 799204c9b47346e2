import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import type { SizeFacts } from '../../src/docs/facts.js';
import { describeAll } from '../../src/docs/message-facts.js';
import { tableText } from '../../src/docs/table-text.js';
import { type ReferenceMessage, type ReferencePayload, referenceOf } from './reference.js';

const same = (text: string) => text;
const plain = { name: same, dim: same, good: same, bad: same, warn: same, accent: same };
const groups = [{ name: 'q*', sources: ['q515', 'q61', 'q66', 'q612'] }];
const names = protocol.messages.map(({ name }) => name);

describe('the table of all messages', () => {
  const families = describeAll(protocol);
  const messages = families.flatMap((family) => family.messages);

  it('has every message once, in its family, with the sizes of the independent table', () => {
    expect(messages.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const message of messages) {
      const expected = referenceOf.get(message.name) as ReferenceMessage;
      const check = (size: SizeFacts | null | undefined, payload: ReferencePayload | null | undefined) => {
        if (payload === undefined || payload === null) expect(size ?? undefined).toBeUndefined();
        else expect(size?.size_min).toBe(payload.size);
      };
      check(message.request, expected.request);
      check(message.reply, expected.reply);
      check(message.notification, expected.payload);
      check(message.error_reply, expected.error_reply);
    }
  });

  it.each([80, 100, 200])('fits %i columns and shows every name', (width) => {
    const text = tableText(families, { width, style: plain, groups });
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
    for (const { name, id, aliases } of messages) {
      for (const part of [name, id, ...aliases]) expect(text).toContain(part);
    }
    expect(text).not.toMatch(/undefined|[ \t]\n/);
  });

  it('shows sizes, replies without payload and sources as in the protocol document', () => {
    const text = tableText(families, { width: 200, style: plain, groups });
    const line = (name: string) =>
      text
        .split('\n')
        .find((item) => item.includes(` ${name} `))
        ?.split(/ {2,}/);
    expect(line('MEM_ACCEPT')).toEqual([
      '0x51000011',
      'MEM_ACCEPT',
      'call',
      'yes',
      '20+',
      '4+ or 0',
      'RM23 q*',
    ]);
    expect(line('VM_SET_TIME_BASE')).toEqual([
      '0x56000030',
      'VM_SET_TIME_BASE',
      'call',
      'yes',
      '20',
      '0, err 4',
      'RM23 q*',
    ]);
    expect(line('VM_STATUS')?.slice(2, 7)).toEqual(['NOTIFY_VM_STATUS', 'notify', 'sends', '8', '-']);
    expect(line('VM_HOST_GET_TYPE')?.at(-1)).toBe('RM23 (q*)');
    expect(line('VM_SUSPEND')?.slice(2)).toEqual(['call', 'no', '?', '?', '(RM23)']);
  });
});
