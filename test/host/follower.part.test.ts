import fc from 'fast-check';
import { it } from 'vitest';
import { protocol, VM_GET_STATE, VM_GET_VMID, VM_STATUS } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { Follower, type GenerationName, generations } from '../../src/host/index.js';
import { fragment } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { budget } from '../part.js';
import { expectEqual } from '../same.js';
import { holds } from '../seeded.js';

const names = Object.keys(generations) as GenerationName[];
const calls = [VM_GET_VMID, VM_GET_STATE];

type Event = { readonly sent: number; readonly seq: number } | { readonly frame: Uint8Array };

/** What each client does with events, in order. @param filler further frames of each interrupt. */
function reactions(events: readonly Event[], filler: readonly Uint8Array[]): Map<string, string[]> {
  const done = new Map<string, string[]>(names.map((name) => [name, []]));
  const tell = (text: string, clients: readonly string[]) => {
    for (const client of clients) done.get(client)?.push(text);
  };
  const follower = new Follower<{ id: number; name: string; seq: number }, undefined>(names, {
    concerns: () => true,
    hazard: ({ name }, { clients }) => tell(name, clients),
    notification: (id, payload, { clients }) => tell(`${id} ${formatHex(payload)}`, clients),
    returned: ({ id, seq }, payload, { clients }) => tell(`${id} ${seq} ${formatHex(payload)}`, clients),
    failed: ({ id, seq }, error, { clients }) => tell(`${id} ${seq} ${error().message}`, clients),
  });
  for (const event of events)
    if ('frame' in event)
      follower.interrupt([event.frame, ...filler].map((bytes) => ({ bytes, origin: undefined })));
    else follower.sent({ ...(calls[event.sent] as (typeof calls)[0]), seq: event.seq });
  for (const [{ id, seq }, clients] of follower.waiting()) tell(`waits ${id} ${seq}`, clients);
  return done;
}

const seq = fc.nat(2);
const payload = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ minLength: 230, maxLength: 720 }));
const id = fc.constantFrom(...calls.map((call) => call.id), VM_STATUS.id);
const message = fc
  .record({
    type: fc.constantFrom(...Object.values(MessageType)),
    seq,
    msg_id: id,
    payload,
    ok: fc.boolean(),
  })
  .map(({ payload, ok, ...header }) => {
    const body = ok && header.type === MessageType.reply ? Uint8Array.of(0, 0, 0, 0, ...payload) : payload;
    return fragment(protocol, header, body);
  })
  .chain((frames) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(frames.slice(0, 1)) },
      { weight: 2, arbitrary: fc.constant(frames) },
      fc.constantFrom(...frames).map((frame) => [frame]),
    ),
  );
const event: fc.Arbitrary<readonly Event[]> = fc.oneof(
  fc.record({ sent: fc.nat(1), seq }).map((call) => [call]),
  message.map((frames) => frames.map((frame) => ({ frame }))),
  fc.uint8Array({ maxLength: 20 }).map((frame) => [{ frame }]),
);

it('takes plain messages at once as it would in several steps', () => {
  // All clients drop a frame of one byte. It keeps the follower from seeing that the other one comes alone.
  const filler = [Uint8Array.of(0x21)];
  const property = fc.property(fc.array(event, { maxLength: 20 }), (events) => {
    expectEqual(reactions(events.flat(), []), reactions(events.flat(), filler));
  });
  holds(property, budget(2000));
});
