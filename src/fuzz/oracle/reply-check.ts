import { constants, error, limits, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { formatIssue } from '../../base/error.js';
import { decodePayload, errorWordSize, functionsOf } from '../../capture/payload/index.js';
import { codecOf } from '../../codec/index.js';
import { messagesOnly, OutstandingRequests, Reassembler } from '../../rpc/index.js';
import { type Header, MessageType } from '../../schema/index.js';
import type { Response, Step } from '../../target/index.js';
import type { Values } from '../../wire/index.js';
import { type Cause, messageName } from './cause.js';

const { VMID_HLOS } = constants;
/** Requests of a VM that can wait for a reply. An older one is taken for lost. */
const ASKED_MAX = 1024;
const functions = functionsOf(protocol);

interface Asked {
  readonly id: number;
  readonly seq: number;
  /** Value of the request, where the layout of its reply depends on it. */
  readonly value: Values | undefined;
}

/** One VM's messages in both directions, and its requests without a reply so far. */
interface Conversation {
  readonly asked: OutstandingRequests<Asked>;
  readonly toManager: Reassembler;
  readonly toVm: Reassembler;
}

/**
 * Checks the rules that hold for every manager in every state: all its messages decode; each reply has the id and the
 * sequence number of a request that waits; HLOS gets a reply to each request at once while all VMs take their messages.
 */
export class ReplyCheck {
  readonly #conversations = new Map<number, Conversation>();
  /** Some VM takes no messages, so replies can be late or lost. */
  #limited = false;
  #found: Cause | undefined;

  reset(): void {
    this.#conversations.clear();
    this.#limited = false;
    this.#found = undefined;
  }

  /** Once it has returned a cause, it returns the same one until {@link reset}. */
  check(step: Step, { out, refused, ended }: Response): Cause | undefined {
    if (step.kind === 'receive_limit') this.#limited = true;
    // HLOS's queue takes messages that are too long, and RM never sees them (transport, QueueOptions). Queues of other VMs
    // can be configured for longer messages.
    const fits =
      step.kind === 'frame' && (step.from !== VMID_HLOS || step.frame.byteLength <= limits.queue_message);
    const asks = fits && !refused;
    if (asks) receive(this.#conversation(step.from).toManager, step.frame);
    for (const { to, frame } of out) receive(this.#conversation(to).toVm, frame);
    if (this.#found === undefined && asks && step.from === VMID_HLOS && !this.#limited && ended === undefined)
      this.#findMissing();
    return this.#found;
  }

  #findMissing(): void {
    const asked = this.#conversation(VMID_HLOS).asked.oldest;
    if (asked === undefined) return;
    this.#find(`no reply to ${messageName(asked.id)}`, `seq ${asked.seq}`);
  }

  #find(key: string, detail: string): void {
    this.#found ??= { kind: 'reply', key, text: `${key}: ${detail}` };
  }

  #conversation(vmid: number): Conversation {
    let conversation = this.#conversations.get(vmid);
    if (conversation === undefined) {
      const asked = new OutstandingRequests<Asked>(ASKED_MAX);
      conversation = {
        asked,
        toManager: new Reassembler(
          protocol,
          messagesOnly((header, view, start, end) => ask(asked, header, view, start, end)),
        ),
        // Abandoned messages are no error: a VM's link can end within a message.
        toVm: new Reassembler(protocol, {
          ...messagesOnly((header, view, start, end) => this.#took(vmid, asked, header, view, start, end)),
          stray: ({ msg_id: id, seq }) =>
            this.#find(`stray continuation of ${messageName(id)}`, `seq ${seq}`),
          malformed: (issue) => this.#find(`malformed message: ${issue.code}`, formatIssue(issue)),
        }),
      };
      this.#conversations.set(vmid, conversation);
    }
    return conversation;
  }

  #took(
    vmid: number,
    asked: OutstandingRequests<Asked>,
    header: Header,
    view: DataView,
    start: number,
    end: number,
  ): void {
    const { type, msg_id: id, seq } = header;
    const request = type === MessageType.reply ? asked.answer(id, seq) : undefined;
    if (type === MessageType.request)
      this.#find(`request ${messageName(id)} from the manager`, `to VM ${vmid}`);
    else if (type === MessageType.reply && request === undefined)
      this.#find(`reply to no request: ${messageName(id)}`, `seq ${seq} to VM ${vmid}`);
    else {
      const { message } = functions.of(id);
      if (type === MessageType.notification && message?.kind !== 'notification')
        this.#find(`unknown notification ${messageName(id)}`, `to VM ${vmid}`);
      if (isFaultless(type, id, view, start, end, request?.value)) return;
      const { issues } = decodePayload(message, type, view, start, end, request?.value);
      for (const issue of issues)
        this.#find(`${messageName(id)} does not decode: ${issue.code} at ${issue.path}`, formatIssue(issue));
    }
  }
}

/** Whether a payload decodes without an issue, or need not decode. It makes no values, which every reply would cost. */
function isFaultless(
  type: number,
  id: number,
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
): boolean {
  const ofMessage = functions.of(id);
  if (type !== MessageType.reply)
    return ofMessage.of(type, undefined)?.check(view, start, end, request) ?? true;
  if (end - start < errorWordSize) return false;
  const code = view.getUint32(start, true);
  // A manager without a handler for a message answers so, whatever the error replies of that message hold.
  if (end - start === errorWordSize && code === error.values.UNIMPLEMENTED) return true;
  return ofMessage.of(type, code)?.check(view, start + errorWordSize, end, request) ?? true;
}

function ask(
  asked: OutstandingRequests<Asked>,
  header: Header,
  view: DataView,
  start: number,
  end: number,
): void {
  const { type, msg_id: id, seq } = header;
  if (type !== MessageType.request) return;
  const ofMessage = functions.of(id);
  const layout = ofMessage.replyDependsOnRequest ? ofMessage.of(type, undefined)?.layout : undefined;
  const value = layout && (codecOf(layout).tryDecode(view, start, end) as Values | undefined);
  asked.add({ id, seq, value });
}

/** Most bytes of a queue message that is copied. */
const COPIED_MAX = 256;
/** Most bytes that a loop copies in less time than a call of `set` takes. */
const LOOPED_MAX = 64;
const copied = new Uint8Array(COPIED_MAX);
const copiedView = viewOf(copied);

/** The reassembler keeps no view. A view of each queue message would cost more than copying it. */
function receive(reassembler: Reassembler, frame: Uint8Array): void {
  const { length } = frame;
  if (length > COPIED_MAX) {
    reassembler.receive(viewOf(frame), 0, length);
    return;
  }
  if (length > LOOPED_MAX) copied.set(frame);
  else for (let index = 0; index < length; index++) copied[index] = frame[index] as number;
  reassembler.receive(copiedView, 0, length);
}
