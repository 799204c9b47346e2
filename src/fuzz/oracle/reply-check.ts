import { constants, limits, protocol } from '../../../schemas/index.js';
import { formatIssue, type Issue } from '../../base/error.js';
import { decodePayload } from '../../capture/payload/index.js';
import { codecOf } from '../../codec/index.js';
import { Reassembler } from '../../rpc/index.js';
import { type Header, MessageType, payloadOf } from '../../schema/index.js';
import { type Values, VariantType } from '../../wire/index.js';
import { viewOf } from '../targets/frames.js';
import type { Response, Step } from '../targets/step.js';
import { type Cause, messageName } from './cause.js';

const { VMID_HLOS } = constants;
/** What has waited longer will never be answered: while a VM takes nothing, replies overtake each other. */
const ASKED_MAX = 1024;

interface Asked {
  readonly id: number;
  readonly seq: number;
  /** Value of the request, where the layout of its reply depends on it. */
  readonly value: Values | undefined;
}

/** One VM's conversation with the target: both directions, and what it has asked and got no reply to. */
interface Conversation {
  readonly asked: Asked[];
  readonly toManager: Reassembler;
  readonly toVm: Reassembler;
}

const ignore = (): void => {};

/**
 * What holds for the messages of every manager, whatever its state: all decode; a reply has id and sequence number of
 * a request that waits for one; HLOS, while it takes all its messages, gets a reply to each request at once.
 */
export class ReplyCheck {
  readonly #conversations = new Map<number, Conversation>();
  /** Some VM does not take everything, so replies may be late or lost. */
  #held = false;
  #found: Cause | undefined;

  /** The target starts afresh. */
  reset(): void {
    this.#conversations.clear();
    this.#held = false;
    this.#found = undefined;
  }

  /** What is wrong with a response; after that, only {@link reset} makes sense. */
  check(step: Step, { out, refused, ended }: Response): Cause | undefined {
    if (step.kind === 'receive_limit') this.#held = true;
    // HLOS's queue may take messages of impossible sizes, which then vanish (transport, QueueOptions); those of other VMs
    // may be made for longer ones.
    const fits =
      step.kind === 'frame' && (step.from !== VMID_HLOS || step.frame.byteLength <= limits.queue_message);
    const asks = fits && !refused;
    if (asks) receive(this.#conversation(step.from).toManager, step.frame);
    for (const { to, frame } of out) receive(this.#conversation(to).toVm, frame);
    if (this.#found === undefined && asks && step.from === VMID_HLOS && !this.#held && ended === undefined)
      this.#findMissing();
    return this.#found;
  }

  #findMissing(): void {
    const [asked] = this.#conversation(VMID_HLOS).asked;
    if (asked === undefined) return;
    this.#find(`no reply to ${messageName(asked.id)}`, `seq ${asked.seq}`);
  }

  #find(key: string, detail: string): void {
    this.#found ??= { kind: 'reply', key, text: `${key}: ${detail}` };
  }

  #conversation(vmid: number): Conversation {
    let conversation = this.#conversations.get(vmid);
    if (conversation === undefined) {
      const asked: Asked[] = [];
      conversation = {
        asked,
        toManager: new Reassembler(protocol, {
          message: (header, view, start, end) => ask(asked, header, view, start, end),
          part: ignore,
          abandoned: ignore,
          stray: ignore,
          malformed: ignore,
        }),
        toVm: new Reassembler(protocol, {
          message: (header, view, start, end) => this.#took(vmid, asked, header, view, start, end),
          part: ignore,
          // The end of a VM's link ends what is on its way, and the next link begins anew.
          abandoned: ignore,
          stray: ({ msg_id: id, seq }) =>
            this.#find(`stray continuation of ${messageName(id)}`, `seq ${seq}`),
          malformed: (issue) => this.#find(`malformed message: ${issue.code}`, formatIssue(issue)),
        }),
      };
      this.#conversations.set(vmid, conversation);
    }
    return conversation;
  }

  #took(vmid: number, asked: Asked[], header: Header, view: DataView, start: number, end: number): void {
    const { type, msg_id: id, seq } = header;
    const name = messageName(id);
    const index =
      type === MessageType.reply ? asked.findIndex((one) => one.id === id && one.seq === seq) : -1;
    const [request] = index < 0 ? [] : asked.splice(index, 1);
    if (type === MessageType.request) this.#find(`request ${name} from the manager`, `to VM ${vmid}`);
    else if (type === MessageType.reply && request === undefined)
      this.#find(`reply to no request: ${name}`, `seq ${seq} to VM ${vmid}`);
    else {
      const message = protocol.byId.get(id);
      if (type === MessageType.notification && message?.kind !== 'notification')
        this.#find(`unknown notification ${name}`, `to VM ${vmid}`);
      const { issues } = decodePayload(message, type, view, start, end, request?.value);
      for (const issue of issues) this.#findUndecodable(name, issue);
    }
  }

  #findUndecodable(name: string, issue: Issue): void {
    this.#find(`${name} does not decode: ${issue.code} at ${issue.path}`, formatIssue(issue));
  }
}

function ask(asked: Asked[], header: Header, view: DataView, start: number, end: number): void {
  const { type, msg_id: id, seq } = header;
  if (type !== MessageType.request) return;
  if (asked.length === ASKED_MAX) asked.shift();
  const message = protocol.byId.get(id);
  const layout = payloadOf(message, MessageType.reply) instanceof VariantType && payloadOf(message, type);
  const value = layout ? (codecOf(layout).tryDecode(view, start, end) as Values | undefined) : undefined;
  asked.push({ id, seq, value });
}

function receive(reassembler: Reassembler, frame: Uint8Array): void {
  reassembler.receive(viewOf(frame), 0, frame.byteLength);
}
