import { constants, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { messagesOnly, OutstandingRequests, Reassembler } from '../../rpc/index.js';
import { type Header, MessageType } from '../../schema/index.js';

const { VMID_RM } = constants;

/** A request and its reply, in the order in which RM answered. */
export interface Call {
  readonly vmid: number;
  readonly id: number;
  readonly request: DataView;
  /** Error word of the reply. */
  readonly error: number;
  /** The reply's payload behind the error word. */
  readonly reply: DataView;
}

interface Asked {
  readonly id: number;
  readonly seq: number;
  readonly request: DataView;
}

/** A VM's conversation with RM. */
class Conversation {
  readonly toManager: Reassembler;
  readonly toVm: Reassembler;
  readonly asked = new OutstandingRequests<Asked>();

  constructor(request: MessageHandler, reply: MessageHandler) {
    this.toManager = new Reassembler(protocol, sink(request));
    this.toVm = new Reassembler(protocol, sink(reply));
  }
}

type MessageHandler = (header: Header, payload: DataView) => void;

function sink(handle: MessageHandler) {
  return messagesOnly((header, view, start, end) => handle(header, copy(view, start, end)));
}

function copy(view: DataView, start: number, end: number): DataView {
  return new DataView(view.buffer.slice(view.byteOffset + start, view.byteOffset + end));
}

const ERROR_SIZE = 4;
const nothing = new DataView(new ArrayBuffer(0));

/**
 * Watches the queues and pairs replies with requests: every reply must have a request, and every request gets one
 * reply. It uses queue messages only, reassembled by the engine's rules.
 */
export class CallCheck {
  readonly #conversations = new Map<number, Conversation>();

  readonly #onCall: (call: Call) => void;
  readonly #onReplyWithoutRequest: (vmid: number, id: number, seq: number) => void;

  /** @param onReplyWithoutRequest gets the VM, and the message id and number of the reply. */
  constructor(
    onCall: (call: Call) => void,
    onReplyWithoutRequest: (vmid: number, id: number, seq: number) => void,
  ) {
    this.#onCall = onCall;
    this.#onReplyWithoutRequest = onReplyWithoutRequest;
  }

  /** A queue message was put on a queue. */
  put(from: number, to: number, frame: Uint8Array): void {
    const vmid = from === VMID_RM ? to : from;
    const conversation = this.#conversation(vmid);
    const reassembler = from === VMID_RM ? conversation.toVm : conversation.toManager;
    reassembler.receive(viewOf(frame), 0, frame.byteLength);
  }

  /** The link of a VM is gone: its requests get no replies any more. */
  forget(vmid: number): void {
    this.#conversations.delete(vmid);
  }

  forgetAll(): void {
    this.#conversations.clear();
  }

  /** VMs that wait for replies. */
  *waiting(): Generator<number> {
    for (const [vmid, { asked }] of this.#conversations) if (asked.oldest !== undefined) yield vmid;
  }

  /** Forgets the requests of a VM that have no reply. @returns them, for people. */
  unanswered(vmid: number): readonly string[] {
    return this.#conversation(vmid)
      .asked.clear()
      .map(({ id, seq }) => `0x${id.toString(16)} seq ${seq}`);
  }

  #conversation(vmid: number): Conversation {
    let conversation = this.#conversations.get(vmid);
    if (conversation === undefined) {
      const made: Conversation = new Conversation(
        (header, request) => {
          const { type, msg_id: id, seq } = header;
          if (type === MessageType.request) made.asked.add({ id, seq, request });
        },
        (header, payload) => {
          if (header.type === MessageType.reply) this.#replied(vmid, made, header, payload);
        },
      );
      conversation = made;
      this.#conversations.set(vmid, made);
    }
    return conversation;
  }

  #replied(vmid: number, conversation: Conversation, header: Header, payload: DataView): void {
    const asked = conversation.asked.answer(header.msg_id, header.seq);
    if (asked === undefined) {
      this.#onReplyWithoutRequest(vmid, header.msg_id, header.seq);
      return;
    }
    const whole = payload.byteLength >= ERROR_SIZE;
    this.#onCall({
      vmid,
      id: header.msg_id,
      request: asked.request,
      error: whole ? payload.getUint32(0, true) : -1,
      reply: whole ? copy(payload, ERROR_SIZE, payload.byteLength) : nothing,
    });
  }
}
