import { protocol } from '../../../schemas/index.js';
import { formatHex } from '../../base/hex.js';
import { codecOf } from '../../codec/index.js';
import { handlerFacts } from '../../rm/index.js';
import type { Call, Message, UnknownCall } from '../../schema/index.js';
import { ListType, StructType, type Values } from '../../wire/index.js';
import type { Case } from '../case.js';
import { alive } from './framing.js';
import { askRaw, type CaseRow, casesOf, sources, vm } from './rows.js';
import { stateOf } from './states.js';

const facts = handlerFacts();
/** Requests that the public manager answers. */
const answered = protocol.messages.filter(
  (message): message is Call =>
    message.kind === 'call' && message.layout === 'known' && message.rm23 !== undefined,
);

/** Requests whose lists are only checked behind other fields. */
const listsLate = new Set(
  answered
    .filter(({ id }) => facts.get(id)?.checks.some(({ check }) => check === 'size'))
    .map(({ id }) => id),
);

/** Firmware can be set, and the milestone reached, once in a boot. */
function bootFor({ name }: Call): 'boot' | undefined {
  return name.startsWith('FW_') ? 'boot' : undefined;
}

function exampleOf(message: Call): Uint8Array {
  return codecOf(message.request).toBytes(message.example.request as Values);
}

/** Whether a request of HLOS gets to the check of its length without any other state than that of a fresh boot. */
function reachesLength({ id, rm23 }: Call): boolean {
  if (rm23?.sender === 'secondary VM') return false;
  const checks = facts.get(id)?.checks ?? [];
  const before = checks.slice(
    0,
    checks.findIndex(({ check }) => check.startsWith('size')),
  );
  return before.every(({ check }) => check.startsWith('sender'));
}

/** The length of each request, from its declaration and its rules of RM23. */
export function lengthCases(): Case[] {
  const rows: CaseRow[] = [];
  for (const message of answered) {
    if (!reachesLength(message)) continue;
    const { name, rm23 = {} } = message;
    const {
      exact,
      min = exact ?? (message.request as StructType).sizeMin,
      excess,
      emptyPayload,
    } = rm23.length ?? {};
    const example = exampleOf(message);
    const refused = (size: number, error: string, bytes = resized(example, size)) =>
      rows.push([
        `${name}-${size}`,
        `${name} with ${size} bytes of payload is refused with ${error}.`,
        [askRaw(name, formatHex(bytes), error)],
        [],
        bootFor(message),
      ]);
    if (min > 0 && emptyPayload !== 'PANIC') refused(0, emptyPayload ?? 'MSG_INVALID');
    // Shorter payloads of these kill the public manager, too: it reads their first fields.
    if (min > 1 && emptyPayload !== 'PANIC')
      for (const size of new Set([1, min >> 1, min - 1])) refused(size, 'MSG_INVALID');
    if (min > 1 && emptyPayload === 'PANIC' && min > 4) refused(min - 1, 'MSG_INVALID');
    if (exact !== undefined)
      for (const size of [exact + 1, exact + 4, exact + 228]) refused(size, 'MSG_INVALID');
    else if (excess === 'MSG_INVALID' && !listsLate.has(message.id))
      refused(example.length + 1, 'MSG_INVALID');
  }
  return casesOf('lengths', 'observed', sources.declared, unique(rows));
}

/** The first bytes, or the bytes and zeros behind them. */
function resized(bytes: Uint8Array, size: number): Uint8Array {
  const all = new Uint8Array(size);
  all.set(bytes.subarray(0, size));
  return all;
}

/** Lists of requests: too long, and with another count than there are entries. */
export function listCases(): Case[] {
  const rows: CaseRow[] = [];
  for (const message of answered) {
    if (!reachesLength(message) || listsLate.has(message.id)) continue;
    if (!(message.request instanceof StructType)) continue;
    const { name, request } = message;
    const first = request.fields.find(({ type }) => type instanceof ListType);
    const max = first?.type instanceof ListType ? first.type.options.max : undefined;
    const offset = request.layout.find(({ field }) => field === first)?.offset;
    if (first === undefined || max === undefined || offset === undefined) continue;
    const withCount = (count: number) => {
      const bytes = exampleOf(message);
      new DataView(bytes.buffer, bytes.byteOffset).setUint16(offset, count, true);
      return formatHex(bytes);
    };
    rows.push([
      `${name}-${first.name}-${max + 1}`,
      `${name} with a count of ${max + 1} ${first.name}, above the maximum of ${max}, is refused with NORESOURCE.`,
      [askRaw(name, longList(message, first.name, max + 1), 'NORESOURCE')],
    ]);
    rows.push([
      `${name}-${first.name}-cut`,
      `${name} whose ${first.name} end before their count says so is refused with MSG_INVALID.`,
      [askRaw(name, withCount(max), 'MSG_INVALID')],
    ]);
  }
  return casesOf('lengths', 'observed', sources.declared, rows);
}

/** The request with the first entry of a list repeated. */
function longList(message: Call, list: string, count: number): string {
  const example = message.example.request as Record<string, unknown>;
  const [entry] = example[list] as readonly unknown[];
  const bytes = codecOf(message.request).toBytes({ ...example, [list]: Array(count).fill(entry) } as Values);
  return formatHex(bytes);
}

/** Requests with a reserved field that the manager checks. */
export function reservedCases(): Case[] {
  const rows = answered.flatMap((message): CaseRow[] => {
    if (!reachesLength(message) || !(message.request instanceof StructType)) return [];
    return message.request.layout.flatMap(({ field, offset }) => {
      const { checkedZero } = field;
      if (checkedZero === undefined || offset === undefined) return [];
      const bytes = exampleOf(message);
      bytes[offset] = 1;
      const rule = `${message.name} whose ${field.name} is not 0 is refused with ${checkedZero}.`;
      return [
        [
          `${message.name}-${field.name}`,
          rule,
          [askRaw(message.name, formatHex(bytes), checkedZero)],
          [],
          bootFor(message),
        ],
      ];
    });
  });
  return casesOf('errors', 'observed', sources.declared, rows);
}

/** Who may send each request. */
export function senderCases(): Case[] {
  const rows = answered.flatMap((message): CaseRow[] => {
    const { name, rm23 } = message;
    const bytes = formatHex(exampleOf(message));
    if (rm23?.sender === 'HLOS')
      return [
        [
          `${name}-from-another-VM`,
          `${name} is refused with DENIED unless HLOS sends it.`,
          [askRaw(name, bytes, 'DENIED', { from: vm })],
          stateOf.RUNNING,
        ],
      ];
    if (rm23?.sender === 'secondary VM')
      return [
        [
          `${name}-from-HLOS`,
          `${name} is refused with DENIED unless a secondary VM sends it.`,
          [askRaw(name, bytes, 'DENIED')],
        ],
      ];
    return [];
  });
  return casesOf('senders', 'observed', sources.declared, rows);
}

/** Requests that the public manager does not answer, and ids that no message has. */
export function unknownCases(): Case[] {
  const known = protocol.messages.filter(
    (message): message is Call | UnknownCall => message.kind === 'call' && message.rm23 === undefined,
  );
  const payloadOf = (message: Message) =>
    message.kind === 'call' && message.layout === 'known' ? formatHex(exampleOf(message)) : '';
  const id = (number: number) => `0x${number.toString(16).padStart(8, '0')}`;
  const unnamed = [
    0, 2, 0x50ffffff, 0x51000000, 0x56000000, 0x560000ff, 0x56fffffe, 0x7fffffff, 0x80000000, 0xffffffff,
  ].filter((number) => !protocol.byId.has(number));
  return [
    ...casesOf(
      'unknown',
      'required',
      sources.framing,
      unnamed.map((number) => [
        id(number),
        `A request with the id ${id(number)}, which no message has, is answered with UNIMPLEMENTED.`,
        [
          { message: { id: id(number), rest: '' }, expect: [{ id: id(number), error: 'UNIMPLEMENTED' }] },
          alive,
        ],
      ]),
    ),
    ...casesOf(
      'unknown',
      'required',
      sources.framing,
      unnamed.slice(0, 2).map((number) => [
        `${id(number)}-with-payload`,
        'A request with an id that no message has is answered, whatever its payload.',
        [
          {
            message: { id: id(number), rest: '00'.repeat(100) },
            expect: [{ id: id(number), error: 'UNIMPLEMENTED' }],
          },
        ],
      ]),
    ),
    ...casesOf(
      'unknown',
      'observed',
      sources.rm23,
      known.map((message) => [
        message.name,
        `${message.name} is answered with UNIMPLEMENTED.`,
        [{ message: { id: id(message.id), raw: payloadOf(message) }, expect: [{ error: 'UNIMPLEMENTED' }] }],
      ]),
    ),
  ];
}

/** Without rows of the same name: two sizes of a request may be equal. */
function unique(rows: readonly CaseRow[]): CaseRow[] {
  const names = new Set<string>();
  return rows.filter(([name]) => !names.has(name) && names.add(name) !== undefined);
}
