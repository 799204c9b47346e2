import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { fragment } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { budget } from '../part.js';
import { holds } from '../seeded.js';
import { lintLines } from './lint-lines.js';

const ids = protocol.messages.map(({ id }) => id);

/** A message with any payload: the first queue message of it. */
const message = (type: number) =>
  fc
    .record({ id: fc.constantFrom(...ids), seq: fc.nat(3), payload: fc.uint8Array({ maxLength: 232 }) })
    .map(({ id, seq, payload }) =>
      formatHex(fragment(protocol, { type, seq, msg_id: id }, payload)[0] as Uint8Array),
    );

const step = fc.record({
  from: fc.constantFrom(3, 128),
  frame: message(MessageType.request),
  out: fc.array(
    fc.record({
      to: fc.constantFrom(3, 128),
      frame: fc.oneof(message(MessageType.reply), message(MessageType.notification)),
    }),
    { maxLength: 3 },
  ),
});

describe('any traffic', () => {
  it('is read to its end', () => {
    const property = fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, survives) => {
      let count = 0;
      const tell = () => count++;
      const options = { file: () => undefined, finding: tell, note: tell };
      lintLines(options, [{ scenario: 'any' }, ...(survives ? steps : [...steps, { op: 'reboot' }])]);
      expect(count).toBeGreaterThanOrEqual(0);
    });
    holds(property, budget(300));
  });
});
