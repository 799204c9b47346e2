import type { Case, CaseStep } from '../case.js';
import { ask, casesOf, ok, put, sources } from './rows.js';

/** VM_GET_VMID with this sequence number, in hexadecimal. */
export function getVmid(seq: string, first = '2101'): string {
  return `${first}${seq}24000056`;
}

export const answered = (seq: number) => ({ name: 'VM_GET_VMID', type: 'reply', seq, ...ok({ vmid: 3 }) });
/** The manager still answers. */
export const alive: CaseStep = ask('VM_GET_VMID', {}, [ok({ vmid: 3 })]);

const ignored: readonly (readonly [what: string, rule: string, frame: string])[] = [
  ['version-0', 'A message of API version 0 is dropped.', getVmid('0100', '2001')],
  ['version-2', 'A message of API version 2 is dropped.', getVmid('0100', '2201')],
  ['version-15', 'A message of API version 15 is dropped.', getVmid('0100', '2f01')],
  ['header-1-word', 'A header of one word is dropped.', getVmid('0100', '1101')],
  ['header-3-words', 'A header of three words is dropped.', `${getVmid('0100', '3101')}00000000`],
  ['header-0-words', 'A header of no words is dropped.', getVmid('0100', '0101')],
  ['header-15-words', 'A header of 15 words is dropped.', getVmid('0100', 'f101')],
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (size) =>
      [
        `size-${size}`,
        `A queue message of ${size === 1 ? '1 byte' : `${size} bytes`}, shorter than a header, is dropped.`,
        getVmid('0100').slice(0, 2 * size),
      ] as const,
  ),
  ['reply', 'A reply that a VM sends is ignored.', `${getVmid('0100', '2102')}00000000`],
  ['notification', 'A notification that a VM sends is ignored.', getVmid('0100', '2103')],
  ['continuation', 'A continuation without a message in progress is dropped.', getVmid('0100', '2100')],
  ['fragments-63', 'A message that announces 63 continuations is dropped.', getVmid('0100', '21fd')],
];

/** The header of queue messages. */
export function framingCases(): Case[] {
  return [
    ...casesOf(
      'framing',
      'required',
      sources.framing,
      ignored.map(([what, rule, frame]) => [what, rule, [put([frame], []), alive]] as const),
    ),
    ...casesOf(
      'framing',
      'required',
      sources.framing,
      [0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0x8000, 0xffff].map((seq) => {
        const digits = `${(seq & 0xff).toString(16).padStart(2, '0')}${(seq >> 8).toString(16).padStart(2, '0')}`;
        return [
          `seq-${seq}`,
          `A reply repeats the sequence number ${seq} of its request.`,
          [put([getVmid(digits)], [answered(seq)])],
        ] as const;
      }),
    ),
    ...casesOf('framing', 'required', sources.framing, [
      [
        'seq-repeated',
        'Two requests with the same sequence number get a reply each.',
        [put([getVmid('0900'), getVmid('0900')], [answered(9), answered(9)])],
      ],
      [
        'seq-backwards',
        'Sequence numbers need not rise.',
        [put([getVmid('0900'), getVmid('0800')], [answered(9), answered(8)])],
      ],
      [
        'id-repeated',
        'A reply has the message id of its request.',
        [ask('VM_GET_OWNER', {}, [{ name: 'VM_GET_OWNER', error: 'OK' }])],
      ],
      [
        'error-word',
        'Every reply begins with an error word, also one without data.',
        [ask('FW_MILESTONE', {}, [{ type: 'reply' }])],
      ],
    ]),
  ];
}
