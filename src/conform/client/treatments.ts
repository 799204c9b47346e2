import { protocol } from '../../../schemas/index.js';
import { writeFrame } from '../../rpc/index.js';
import { type Call, MessageType } from '../../schema/index.js';
import type { Level } from '../case.js';

/** A request of the client. */
export interface ClientRequest {
  readonly from: number;
  readonly seq: number;
  readonly id: number;
  readonly name: string | undefined;
}

/** What the client gets instead of a reply: at once, and when nothing comes from it any more. */
export interface Treated {
  readonly now: readonly Uint8Array[];
  readonly whenIdle?: readonly Uint8Array[];
}

/** One way in which the played manager misbehaves. */
export interface Treatment {
  readonly chapter: keyof typeof clientChapters;
  readonly what: string;
  readonly level: Level;
  readonly rule: string;
  /** `harmless`: the client goes on as usual. `failing`: the call fails, and the client leaves nothing behind. */
  readonly kind: 'harmless' | 'failing';
  /** Only the first request of this message. */
  readonly message?: string;
  /** The manager does not see the request: this is the reply. */
  readonly answer?: (request: ClientRequest) => readonly Uint8Array[];
  /** What becomes of a reply of the manager. */
  readonly reply?: (request: ClientRequest, frames: readonly Uint8Array[]) => Treated;
  /** What becomes of a notification. */
  readonly notification?: (frames: readonly Uint8Array[]) => readonly Uint8Array[];
}

export const clientChapters = {
  usual: 'As usual',
  replies: 'Late, doubled and foreign replies',
  notifications: 'Notifications in between',
  malformed: 'Malformed messages in between',
  errors: 'An error for each call',
  broken: 'Replies that are cut, and replies that are lost',
} as const;

const VM_STATUS = protocol.byName.get('VM_STATUS')?.id ?? 0;
const UNKNOWN_NOTIFICATION = 0x561000ff;
/** An error number that no error has. */
const UNKNOWN_ERROR = 0x7fff;

function frame(type: number, seq: number, msg_id: number, payload: Uint8Array, fragments = 0): Uint8Array {
  return writeFrame(protocol, { type, fragments, seq, msg_id }, payload, 0, payload.length);
}

const word = (value: number) =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
const ok = word(0);

/** Something else comes in front of every reply. */
function before(
  chapter: Treatment['chapter'],
  what: string,
  rule: string,
  other: (request: ClientRequest) => readonly Uint8Array[],
): Treatment {
  const reply: Treatment['reply'] = (request, frames) => ({ now: [...other(request), ...frames] });
  return { chapter, what, level: 'required', rule, kind: 'harmless', reply };
}

const harmless: readonly Treatment[] = [
  {
    chapter: 'usual',
    what: 'session',
    level: 'required',
    rule: 'The client sends whole messages, each request once, and takes back what it has made.',
    kind: 'harmless',
  },
  {
    chapter: 'replies',
    what: 'late',
    level: 'required',
    rule: 'The client waits for a reply that comes late.',
    kind: 'harmless',
    reply: (_request, frames) => ({ now: [], whenIdle: frames }),
  },
  {
    chapter: 'replies',
    what: 'doubled',
    level: 'required',
    rule: 'A second reply to the same request is dropped.',
    kind: 'harmless',
    reply: (_request, frames) => ({ now: [...frames, ...frames] }),
  },
  before(
    'replies',
    'other-seq',
    'A reply with a sequence number that no request has is dropped.',
    ({ seq, id }) => [frame(MessageType.reply, (seq + 0x4000) & 0xffff, id, ok)],
  ),
  before(
    'replies',
    'other-id',
    'A reply with another message id than its request is dropped.',
    ({ seq, id }) => [frame(MessageType.reply, seq, id ^ 0x80, ok)],
  ),
  before('notifications', 'unknown', 'A notification that the client does not know is dropped.', () => [
    frame(MessageType.notification, 9, UNKNOWN_NOTIFICATION, ok),
  ]),
  before('notifications', 'other-vm', 'A notification about a VM of somebody else is dropped.', () => [
    frame(MessageType.notification, 9, VM_STATUS, Uint8Array.of(9, 0, 0, 0, 3, 0, 0, 0)),
  ]),
  before('notifications', 'cut-short', 'A notification of which the rest never comes is given up.', () => [
    frame(MessageType.notification, 9, UNKNOWN_NOTIFICATION, ok, 1),
  ]),
  before('notifications', 'empty', 'A notification without payload is dropped.', () => [
    frame(MessageType.notification, 9, VM_STATUS, new Uint8Array(0)),
  ]),
  before('notifications', 'short', 'A notification that is too short is dropped.', () => [
    frame(MessageType.notification, 9, VM_STATUS, Uint8Array.of(9, 0)),
  ]),
  {
    chapter: 'notifications',
    what: 'doubled',
    level: 'required',
    rule: 'A notification that comes twice does no harm.',
    kind: 'harmless',
    notification: (frames) => [...frames, ...frames],
  },
  before('malformed', 'short', 'A queue message shorter than a header is dropped.', () => [
    Uint8Array.of(0x21, 2, 0),
  ]),
  before('malformed', 'version', 'A queue message of another API version is dropped.', ({ seq, id }) => {
    const other = frame(MessageType.reply, seq, id, ok);
    other[0] = 0x22;
    return [other];
  }),
  before('malformed', 'request', 'A request of the manager is dropped.', ({ id }) => [
    frame(MessageType.request, 9, id, ok),
  ]),
  before(
    'malformed',
    'continuation',
    'A continuation without a message in progress is dropped.',
    ({ seq, id }) => [frame(MessageType.continuation, seq, id, ok, 1)],
  ),
];

/** A reply with this payload, error word included. */
function replyOf(payload: Uint8Array): NonNullable<Treatment['answer']> {
  return ({ seq, id }) => [frame(MessageType.reply, seq, id, payload)];
}

/** Calls with which a client gives something back. */
const givesBack = new Set(['VM_STOP', 'VM_RESET', 'MEM_RECLAIM', 'VM_DEALLOC_VMID']);

/** What can go wrong with the reply to one message. */
function treatmentsOf(message: Call): Treatment[] {
  const { name } = message;
  // A client that is refused when it gives something back can only try again.
  const level = givesBack.has(name) ? 'observed' : 'required';
  const failing = (
    chapter: Treatment['chapter'],
    what: string,
    rule: string,
    answer: NonNullable<Treatment['answer']>,
  ): Treatment => ({ chapter, level, what: `${name}-${what}`, rule, kind: 'failing', message: name, answer });
  const noMemory = protocol.error.values.NOMEM ?? 0;
  return [
    failing(
      'errors',
      'NOMEM',
      `After an error of ${name} the client takes back what it has made.`,
      replyOf(word(noMemory)),
    ),
    failing(
      'errors',
      'unknown-error',
      `An unknown error of ${name} is an error.`,
      replyOf(word(UNKNOWN_ERROR)),
    ),
    {
      ...failing('broken', 'lost', `The client does not wait for ever for the reply to ${name}.`, () => []),
      level: 'observed',
    },
    failing(
      'broken',
      'no-error-word',
      `A reply to ${name} without an error word is refused.`,
      replyOf(new Uint8Array(0)),
    ),
    ...(message.reply.sizeMin > 0
      ? [failing('broken', 'empty', `An OK reply to ${name} without its fields is refused.`, replyOf(ok))]
      : []),
  ];
}

/** Calls that Linux clients make in the life of a VM. */
const lifeOfVm = [
  'VM_ALLOC_VMID',
  'MEM_LEND',
  'MEM_SHARE',
  'MEM_DONATE',
  'VM_CONFIG_IMAGE',
  'VM_AUTH_IMAGE',
  'VM_INIT',
  'VM_GET_HYP_RESOURCES',
  'VM_START',
  'VM_STOP',
  'VM_RESET',
  'MEM_RECLAIM',
  'VM_DEALLOC_VMID',
  'VM_SET_FIRMWARE_MEM',
  'VM_SET_DEMAND_PAGING',
  'VM_SET_ADDRESS_LAYOUT',
  'VM_SET_BOOT_CONTEXT',
];

/** All treatments, the usual session first. */
export function clientTreatments(): readonly Treatment[] {
  const calls = lifeOfVm
    .map((name) => protocol.byName.get(name))
    .filter((message): message is Call => message?.kind === 'call' && message.layout === 'known');
  const all = [...harmless, ...calls.flatMap(treatmentsOf)];
  const order = Object.keys(clientChapters);
  return all.sort((left, right) => order.indexOf(left.chapter) - order.indexOf(right.chapter));
}
