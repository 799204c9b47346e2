import { MEM_SHARE, protocol, VM_SET_CRASH_MSG } from '../../../schemas/index.js';
import { formatHex } from '../../base/hex.js';
import { linePackets } from '../../capture/ndjson/index.js';
import { writeFrame } from '../../rpc/index.js';
import { MessageType } from '../../schema/index.js';
import type { Case } from '../case.js';
import { alive, answered, getVmid } from './framing.js';
import { ask, casesOf, HLOS, hex, MEMORY, PAGE, parcelOf, put, sources } from './rows.js';

const { content } = protocol.limits;
const REGIONS = 40;
const share = parcelOf({
  label: 5,
  acl_entries: [
    { vmid: HLOS, rights: ['W', 'R'] },
    { vmid: 255, rights: ['R'] },
  ],
  sgl_entries: Array.from({ length: REGIONS }, (_, index) => ({
    ipa: hex(MEMORY + 2 * index * PAGE),
    size: hex(PAGE),
  })),
});
const shareFrames = (sizes?: readonly number[]) =>
  linePackets(protocol, {
    name: MEM_SHARE.name,
    seq: 7,
    payload: share,
    ...(sizes === undefined ? {} : { sizes }),
  }).map(({ bytes }) => formatHex(bytes));
const size = shareFrames().reduce((sum, frame) => sum + frame.length / 2 - 8, 0);
const shared = [{ name: MEM_SHARE.name, type: 'reply', seq: 7, error: 'OK' }];
const [first = '', second = '', third = ''] = shareFrames();

/** A continuation of MEM_SHARE with one byte, and with other header fields than it should have. */
function continuation(fields: { seq?: number; fragments?: number; msg_id?: number }): string {
  const header = { type: MessageType.continuation, fragments: 2, seq: 7, msg_id: MEM_SHARE.id, ...fields };
  return formatHex(writeFrame(protocol, header, Uint8Array.of(0), 0, 1));
}

/** VM_SET_CRASH_MSG whose text makes the payload so long. */
function crash(payloadSize: number) {
  return ask(VM_SET_CRASH_MSG.name, { message: 'a'.repeat(payloadSize - 4) }, 'OK');
}

/** Messages in several queue messages. */
export function fragmentCases(): Case[] {
  const cuts: readonly (readonly [string, readonly number[]])[] = [
    ['one-byte-first', [1, content, content, size - 1 - 2 * content]],
    ['empty-first', [0, content, content, size - 2 * content]],
    ['empty-between', [content, 0, content, size - 2 * content]],
    ['empty-last', [content, content, size - 2 * content, 0]],
    ['many-small', [...Array(Math.floor(size / 16)).fill(16), size % 16]],
    ['cut-in-a-field', [3, 7, content, content, size - 10 - 2 * content]],
  ];
  return [
    ...casesOf('fragments', 'required', sources.framing, [
      [
        'usual',
        'A request in three queue messages is put together.',
        [put(shareFrames(), shared, { as: 'parcel' })],
      ],
      ...[228, 232, 236, 464, 468].map(
        (bytes) => [`payload-${bytes}`, `A payload of ${bytes} bytes is taken.`, [crash(bytes)]] as const,
      ),
      [
        'payload-14384',
        'The longest request of the Linux clients, 62 queue messages, is taken.',
        [crash(14_384)],
      ],
      ['payload-14616', 'The longest request of the format, 63 queue messages, is taken.', [crash(14_616)]],
      [
        'new-request',
        'Another request ends the message in progress and is answered.',
        [put([first, getVmid('0100')], [answered(1)]), put([second, third], []), alive],
      ],
      [
        'again',
        'A message that was begun and abandoned can be sent again.',
        [put([first, second], []), put(shareFrames(), shared, { as: 'parcel' })],
      ],
      [
        'no-carry',
        'What was missing of an abandoned message is not waited for in the next one.',
        [put([first], []), put(shareFrames(), shared, { as: 'parcel' })],
      ],
      [
        'too-many',
        'A continuation behind the last one is dropped.',
        [put([...shareFrames(), third], shared, { as: 'parcel' }), alive],
      ],
      [
        'malformed-between',
        'A message that is dropped does not end the message in progress.',
        [put([first, '20', second, getVmid('0100', '2201'), third], shared, { as: 'parcel' })],
      ],
      [
        'reply-between',
        'A reply that a VM sends ends its message in progress.',
        [put([first, `${getVmid('0100', '2102')}00000000`, second, third], []), alive],
      ],
    ]),
    ...casesOf('fragments', 'required', sources.framing, [
      [
        'wrong-seq',
        'A continuation with another sequence number is dropped, and the message in progress stays.',
        [put([first, continuation({ seq: 8 }), second, third], shared, { as: 'parcel' })],
      ],
      [
        'wrong-id',
        'A continuation with another message id is dropped, and the message in progress stays.',
        [put([first, continuation({ msg_id: 0x51000012 }), second, third], shared, { as: 'parcel' })],
      ],
      [
        'wrong-count',
        'A continuation that announces another number is dropped, and the message in progress stays.',
        [put([first, continuation({ fragments: 3 }), second, third], shared, { as: 'parcel' })],
      ],
    ]),
    ...casesOf(
      'fragments',
      'required',
      sources.framing,
      cuts.map(([what, sizes]) => [
        what,
        `A request cut into ${sizes.length} pieces, not all of them full, is put together.`,
        [put(shareFrames(sizes), shared, { as: 'parcel' })],
      ]),
    ),
  ];
}
