import { limits, protocol } from '../../schemas/index.js';
import { type FrameWriter, messagesOnly, Reassembler } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { MessageQueue, QueueError, type QueueOptions } from '../transport/index.js';
import { type EventLoop, LoopEvent } from './event-loop.js';

/** Most notifications that wait for one VM. One more drops the oldest. */
const NOTIFICATIONS_MAX = 256;

const ignore = (): void => {};

interface Outgoing {
  readonly type: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** Sequence numbers of notifications: one counter for all VMs. Every attempt to send takes a number. */
export class NotificationCounter {
  #next = 0;

  /** 0, 1, ... 65535, 0, ... */
  take(): number {
    const number = this.#next;
    this.#next = (number + 1) & 0xffff;
    return number;
  }
}

export interface LinkOwner {
  readonly loop: EventLoop;
  readonly counter: NotificationCounter;
  readonly frames: FrameWriter;
  /** If a message is too long for the queue, nothing of it is sent. The public manager sends the parts that fit. */
  readonly careful: boolean;
  /** A message has arrived whole; its payload is [start, end) of the view, valid during the call only. */
  received(vmid: number, header: Header, view: DataView, start: number, end: number): void;
  /** A queue message was put on the queue to a VM. */
  sent(vmid: number, frame: Uint8Array): void;
  /** A message cannot be sent at all because of its size. */
  tooLong(): void;
}

/**
 * The RPC link of one VM: its two queues, the reassembly of its requests, and RM's sending side (rm-internals.md,
 * section 10): one transmission at a time, one pending reply, pending notifications in order.
 */
export class Link {
  readonly toVm: MessageQueue;
  readonly toManager: MessageQueue;
  readonly #owner: LinkOwner;
  readonly #reassembler: Reassembler;
  readonly #receive: LoopEvent;
  readonly #transmit: LoopEvent;
  readonly #resume: LoopEvent;
  #current: Outgoing | undefined;
  #seq = 0;
  /** Payload bytes of the current transmission that were sent. */
  #position = 0;
  /** Queue messages of the current transmission that are still to be sent. */
  #left = 0;
  #reply: { readonly message: Outgoing; readonly seq: number } | undefined;
  #notifications: Outgoing[] = [];
  #closed = false;
  /** The message being read: a copy, since a view of each message costs more than copying it. */
  readonly #incoming: Uint8Array;
  readonly #incomingView: DataView;

  constructor(
    readonly vmid: number,
    owner: LinkOwner,
    options: QueueOptions,
  ) {
    this.#owner = owner;
    this.#reassembler = new Reassembler(
      protocol,
      messagesOnly((header, view, start, end) => owner.received(vmid, header, view, start, end)),
    );
    this.toVm = new MessageQueue(options);
    this.toManager = new MessageQueue(options);
    this.#incoming = new Uint8Array(this.toManager.messageSizeMax);
    this.#incomingView = new DataView(this.#incoming.buffer);
    this.#receive = new LoopEvent(() => this.#readAll());
    this.#transmit = new LoopEvent(() => this.#left > 0 && this.#pump());
    this.#resume = new LoopEvent(() => this.#sendPending());
    this.toManager.onNotEmpty = () => owner.loop.raise(this.#receive);
    this.toVm.onNotFull = () => owner.loop.raise(this.#transmit);
  }

  /** Sends a reply, or keeps it as the pending one. An older pending reply gets one more attempt, then is dropped. */
  reply(id: number, seq: number, payload: Uint8Array): void {
    // `#reply` stays set during this attempt: if the send completes at once, its completion must see a pending reply,
    // because only then does it raise the resume event.
    if (this.#reply !== undefined) this.#start(this.#reply.message, this.#reply.seq);
    this.#reply = undefined;
    const message: Outgoing = { type: MessageType.reply, id, payload };
    if (!this.#start(message, seq)) this.#reply = { message, seq };
  }

  /** Sends a notification, or adds it to those that wait. */
  notify(id: number, payload: Uint8Array): void {
    this.#sendNotifications();
    const message: Outgoing = { type: MessageType.notification, id, payload };
    if (this.#start(message, this.#owner.counter.take())) return;
    if (this.#notifications.length === NOTIFICATIONS_MAX) this.#notifications.shift();
    this.#notifications.push(message);
  }

  /** Ends the conversation: drops everything queued or pending. Nothing is sent or received afterwards. */
  close(): void {
    this.#closed = true;
    for (const event of [this.#receive, this.#transmit, this.#resume]) this.#owner.loop.cancel(event);
    this.toVm.flush();
    this.toManager.flush();
    this.toVm.onNotFull = ignore;
    this.toManager.onNotEmpty = ignore;
  }

  /** Starts to transmit a message. @returns false if another transmission is in progress. */
  #start(message: Outgoing, seq: number): boolean {
    if (this.#left > 0) return false;
    const size = message.payload.byteLength;
    if (size > limits.max_payload) {
      this.#owner.tooLong();
      return true;
    }
    this.#current = message;
    this.#seq = seq;
    this.#position = 0;
    this.#left = size === 0 ? 1 : Math.ceil(size / limits.content);
    this.#pump();
    return true;
  }

  /** Puts queue messages of the current transmission until the queue is full or all of them are sent. */
  #pump(): void {
    const message = this.#current as Outgoing;
    const { payload } = message;
    const fragments = payload.byteLength === 0 ? 0 : Math.ceil(payload.byteLength / limits.content) - 1;
    while (this.#left > 0) {
      const type = this.#left === fragments + 1 ? message.type : MessageType.continuation;
      const end = Math.min(payload.byteLength, this.#position + limits.content);
      const header = { type, fragments, seq: this.#seq, msg_id: message.id };
      const frame = this.#owner.frames.write(header, payload, this.#position, end);
      const fits = frame.byteLength <= this.toVm.messageSizeMax;
      if (!fits && this.#owner.careful) {
        this.#left = 0;
        break;
      }
      const { error } = this.toVm.send(frame);
      if (error === QueueError.FULL) return;
      if (error !== QueueError.OK) this.#owner.tooLong();
      else if (fits) this.#owner.sent(this.vmid, frame);
      this.#left--;
      this.#position = end;
    }
    this.#current = undefined;
    if (this.#reply !== undefined || this.#notifications.length > 0) this.#owner.loop.raise(this.#resume);
  }

  #sendPending(): void {
    const reply = this.#reply;
    if (reply !== undefined) {
      if (!this.#start(reply.message, reply.seq)) return;
      this.#reply = undefined;
    }
    this.#sendNotifications();
  }

  #sendNotifications(): void {
    let sent = 0;
    for (const message of this.#notifications) {
      if (!this.#start(message, this.#owner.counter.take())) break;
      sent++;
    }
    if (sent > 0) this.#notifications.splice(0, sent);
  }

  /** Reads all waiting messages. RM handles no other event in between. */
  #readAll(): void {
    while (!this.#closed) {
      const { message } = this.toManager.receive();
      if (message === undefined) return;
      this.#incoming.set(message);
      this.#reassembler.receive(this.#incomingView, 0, message.byteLength);
    }
  }
}
