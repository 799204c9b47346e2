import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { emptyPacket } from '../../src/capture/packets/index.js';
import { Assembler, type CaptureRecord, keptRecord } from '../../src/capture/records/index.js';
import { eachNamed } from '../../src/lint/doubt.js';
import { fragment, rmRules } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { ListType, StructType, type Values } from '../../src/wire/index.js';
import { holds } from '../seeded.js';

const HOST = 3;
const RM = 255;
const roles: readonly unknown[] = ['vmid', 'mem_handle', 'virq_handle'];

/** What a decoded value names, in the order of its fields. */
function namedIn(struct: StructType, values: Values): string[] {
  return struct.fieldsInOrder.flatMap((field) => {
    const value = values[field.name];
    if (typeof value === 'number') return roles.includes(field.role) ? [`${field.role} ${value}`] : [];
    if (!Array.isArray(value) || !(field.type instanceof ListType)) return [];
    const entry = field.type.entryType(values);
    return value.flatMap((item) => (entry instanceof StructType ? namedIn(entry, item as Values) : []));
  });
}

const message = fc
  .record({
    id: fc.constantFrom(...protocol.messages.map(({ id }) => id)),
    type: fc.constantFrom(MessageType.request, MessageType.reply, MessageType.notification),
    payload: fc.uint8Array({ maxLength: 60, max: 3 }),
    fails: fc.boolean(),
  })
  .map(({ id, type, payload, fails }) => {
    if (type === MessageType.reply && payload.length >= 4) payload.set([fails ? 1 : 0, 0, 0, 0]);
    return { id, type, payload };
  });

it('what a message names is read from its bytes as its decoded value says', () => {
  const property = fc.property(message, ({ id, type, payload }) => {
    const [frame] = fragment(protocol, { type, seq: 1, msg_id: id }, payload) as [Uint8Array];
    const isRequest = type === MessageType.request;
    const packet = emptyPacket();
    packet.from = isRequest ? HOST : RM;
    packet.to = isRequest ? RM : HOST;
    packet.data = frame;
    packet.view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    packet.end = frame.length;
    const records: CaptureRecord[] = [];
    const record = (seen: CaptureRecord) => records.push(keptRecord(seen));
    new Assembler({ protocol, rules: rmRules, keepBytes: true, reuses: true, record }).packet(packet);
    for (const seen of records) {
      const struct = seen.layout instanceof StructType ? seen.layout : undefined;
      if (seen.layout !== undefined && struct === undefined) return;
      const expected = struct && seen.payload ? namedIn(struct, seen.payload) : [];
      const found: string[] = [];
      eachNamed(seen, (kind, value) => found.push(`${kind} ${value}`));
      expect(found).toEqual([`vmid ${packet.from}`, `vmid ${packet.to}`, ...expected]);
    }
  });
  holds(property, 3000);
});
