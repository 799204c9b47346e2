import { limits, protocol } from '../../schemas/index.js';
import { type FrameWriter, Reassembler } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { MessageQueue, QueueError, type QueueOptions } from '../transport/index.js';
import { type EventLoop, LoopEvent } from './event-loop.js';

/** Notifications that wait for one VM; one more drops the oldest. */
const NOTIFICATIONS_MAX = 256;

const ignore = (): void => {};

interface Outgoing {
  readonly type: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The notification counter: one for all VMs, used up by every attempt to send. */
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
  /** Sends nothing of a message that is too long for the queue, where the public manager sends the parts that fit. */
  readonly careful: boolean;
  /** A message has arrived whole; its payload is [start, end) of the view, valid during the call only. */
  received(vmid: number, header: Header, view: DataView, start: number, end: number): void;
  /** A queue message was put on the queue to a VM. */
  sent(vmid: number, frame: Uint8Array): void;
  /** A message cannot be sent at all because of its size. */
  tooLong(): void;
}

/**
 * One VM's conversation: both queues, what has arrived in part, and RM's sending side (rm-internals.md,
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
  /** Payload bytes of the current transmission that have gone out. */
  #position = 0;
  /** Queue messages of the current transmission still to go. */
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
    this.#reassembler = new Reassembler(protocol, {
      message: (header, view, start, end) => owner.received(vmid, header, view, start, end),
      part: ignore,
      abandoned: ignore,
      stray: ignore,
      malformed: ignore,
    });
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

  /** Sends a reply, now or as the one pending reply; an older pending one that cannot go is dropped. */
  reply(id: number, seq: number, payload: Uint8Array): void {
    // Still the pending one while it is tried: that its transmission completes then raises the resume event.
    if (this.#reply !== undefined) this.#start(this.#reply.message, this.#reply.seq);
    this.#reply = undefined;
    const message: Outgoing = { type: MessageType.reply, id, payload };
    if (!this.#start(message, seq)) this.#reply = { message, seq };
  }

  /** Sends a notification, now or after those that wait. */
  notify(id: number, payload: Uint8Array): void {
    this.#sendNotifications();
    const message: Outgoing = { type: MessageType.notification, id, payload };
    if (this.#start(message, this.#owner.counter.take())) return;
    if (this.#notifications.length === NOTIFICATIONS_MAX) this.#notifications.shift();
    this.#notifications.push(message);
  }

  /** Ends the conversation: everything queued or pending is gone, and nothing can be sent or received any more. */
  close(): void {
    this.#closed = true;
    for (const event of [this.#receive, this.#transmit, this.#resume]) this.#owner.loop.cancel(event);
    this.toVm.flush();
    this.toManager.flush();
    this.toVm.onNotFull = ignore;
    this.toManager.onNotEmpty = ignore;
  }

  /** False: a transmission is in progress. */
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

  /** Puts queue messages of the current transmission until the queue is full or all have gone. */
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

  /** RM reads everything that waits before it turns to other events. */
  #readAll(): void {
    while (!this.#closed) {
      const { message } = this.toManager.receive();
      if (message === undefined) return;
      this.#incoming.set(message);
      this.#reassembler.receive(this.#incomingView, 0, message.byteLength);
    }
  }
}
