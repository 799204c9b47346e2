import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { emptyPacket, putMessage } from '../../src/capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../../src/capture/records/index.js';
import { faultsOf, headlineOf, passageOf, payloadOf, WHOLE } from '../../src/lint/evidence.js';
import { KnownMessages } from '../../src/lint/known-messages.js';
import { fragment, rmRules } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { expectEqual } from '../same.js';
import { holds } from '../seeded.js';

const RM = 255;
const { request, reply, notification } = MessageType;

/** Few values, so that messages come again. */
const message = fc.record({
  id: fc.constantFrom(...protocol.messages.map(({ id }) => id)),
  type: fc.constantFrom(request, reply, notification),
  payload: fc.uint8Array({ maxLength: 60, max: 2 }),
  vmid: fc.constantFrom(3, 45),
  seq: fc.nat({ max: 3 }),
});

it('what is remembered of a message is what its record says', () => {
  const known = new KnownMessages();
  let count = 0;
  const check = (record: CaptureRecord) => {
    count++;
    const faults = known.faults(record);
    expectEqual(faults, faultsOf(record));
    for (const where of [undefined, WHOLE, ...faults]) {
      const plain = { headline: headlineOf(record), passage: passageOf(record, payloadOf(record), where) };
      expectEqual(known.evidence(record, where), plain);
    }
  };
  const messages = fc.array(message, { minLength: 1, maxLength: 5 });
  holds(
    fc.property(messages, (sent) => {
      const packet = emptyPacket();
      const options = { protocol, rules: rmRules, keepBytes: true, reuses: true, record: check };
      const assembler = new Assembler(options);
      // Each comes again from another VM and with another number, and then once more as it was.
      const again = sent.map((one) => ({ ...one, vmid: 9 }));
      for (const { id, type, payload, vmid, seq } of [...sent, ...again, ...again]) {
        const [frame] = fragment(protocol, { type, seq: seq + vmid, msg_id: id }, payload) as [Uint8Array];
        putMessage(packet, type === request ? vmid : RM, type === request ? RM : vmid, frame);
        assembler.packet(packet);
      }
      assembler.end();
    }),
    500,
  );
  expect(count).toBeGreaterThan(1000);
});
