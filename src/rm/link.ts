import { limits, protocol } from '../../schemas/index.js';
import { type FrameWriter, messagesOnly, Reassembler, ReusedHeader } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { MessageQueue, QueueError, type QueueOptions } from '../transport/index.js';
import { type EventLoop, LoopEvent } from './event-loop.js';

/** Most notifications that wait for one VM. One more drops the oldest. */
const NOTIFICATIONS_MAX = 256;

const ignore = (): void => {};
const NO_PAYLOAD = new Uint8Array(0);

/** A message that waits until another one has been sent. */
interface Outgoing {
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
  /** A queue message was put on the queue to a VM. Undefined: nobody wants to know, and no array is made for each. */
  readonly sent: ((vmid: number, frame: Uint8Array) => void) | undefined;
  /** A message that waited for the VM was dropped, since too many wait. */
  dropped(vmid: number, id: number): void;
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
  // The current transmission. Fields, not an object: one would be made for every message.
  #type = 0;
  /** Of the queue message that is sent. */
  readonly #header = new ReusedHeader();
  #payload: Uint8Array = NO_PAYLOAD;
  #size = 0;
  /** Payload bytes that were sent. */
  #position = 0;
  /** Queue messages of the current transmission that are still to be sent. */
  #left = 0;
  #reply: (Outgoing & { readonly seq: number }) | undefined;
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

  /**
   * Sends a reply, or keeps it as the pending one. An older pending reply gets one more attempt, then is dropped.
   *
   * @param payload its first `size` bytes; copied where they are needed after the call.
   */
  reply(id: number, seq: number, payload: Uint8Array, size = payload.length): void {
    // `#reply` stays set during this attempt: if the send completes at once, its completion must see a pending reply,
    // because only then does it raise the resume event.
    const older = this.#reply;
    if (older !== undefined && !this.#startReply(older.id, older.seq, older.payload, older.payload.length))
      this.#owner.dropped(this.vmid, older.id);
    this.#reply = undefined;
    if (!this.#startReply(id, seq, payload, size)) this.#reply = { id, seq, payload: payload.slice(0, size) };
    else if (this.#left > 0) this.#payload = payload.slice(0, size);
  }

  /** Sends a notification, or adds it to those that wait. */
  notify(id: number, payload: Uint8Array): void {
    this.#sendNotifications();
    if (this.#startNotification(id, payload)) return;
    if (this.#notifications.length === NOTIFICATIONS_MAX) {
      const oldest = this.#notifications.shift();
      if (oldest !== undefined) this.#owner.dropped(this.vmid, oldest.id);
    }
    this.#notifications.push({ id, payload });
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

  #startReply(id: number, seq: number, payload: Uint8Array, size: number): boolean {
    return this.#start(MessageType.reply, id, seq, payload, size);
  }

  #startNotification(id: number, payload: Uint8Array): boolean {
    const seq = this.#owner.counter.take();
    return this.#start(MessageType.notification, id, seq, payload, payload.length);
  }

  /** Starts to transmit a message. @returns false if another transmission is in progress. */
  #start(type: number, id: number, seq: number, payload: Uint8Array, size: number): boolean {
    if (this.#left > 0) return false;
    if (size > limits.max_payload) {
      this.#owner.tooLong();
      return true;
    }
    this.#type = type;
    this.#header.msg_id = id;
    this.#header.seq = seq;
    this.#payload = payload;
    this.#size = size;
    this.#position = 0;
    this.#left = size <= limits.content ? 1 : Math.ceil(size / limits.content);
    this.#pump();
    return true;
  }

  /** Puts queue messages of the current transmission until the queue is full or all of them are sent. */
  #pump(): void {
    const { toVm } = this;
    const owner = this.#owner;
    const size = this.#size;
    const fragments = size <= limits.content ? 0 : Math.ceil(size / limits.content) - 1;
    while (this.#left > 0) {
      const type = this.#left === fragments + 1 ? this.#type : MessageType.continuation;
      const end = Math.min(size, this.#position + limits.content);
      const fits = limits.header + end - this.#position <= toVm.messageSizeMax;
      if (!fits && owner.careful) {
        this.#left = 0;
        break;
      }
      const error = this.#sendFrame(type, fragments, end, fits ? owner.sent : undefined);
      if (error === QueueError.FULL) return;
      if (error !== QueueError.OK) owner.tooLong();
      this.#left--;
      this.#position = end;
    }
    this.#payload = NO_PAYLOAD;
    if (this.#reply !== undefined || this.#notifications.length > 0) owner.loop.raise(this.#resume);
  }

  /** Puts the queue message that ends at a position of the payload. @param sent is told if it was put. */
  #sendFrame(type: number, fragments: number, end: number, sent: LinkOwner['sent']): number {
    const { frames } = this.#owner;
    const header = this.#header;
    header.type = type;
    header.fragments = fragments;
    if (sent === undefined) {
      const size = frames.append(header, this.#payload, this.#position, end);
      return this.toVm.sendRange(frames.slab, frames.used - size, frames.used);
    }
    const frame = frames.write(header, this.#payload, this.#position, end);
    const error = this.toVm.sendRange(frame, 0, frame.length);
    if (error === QueueError.OK) sent(this.vmid, frame);
    return error;
  }

  #sendPending(): void {
    const reply = this.#reply;
    if (reply !== undefined) {
      if (!this.#startReply(reply.id, reply.seq, reply.payload, reply.payload.length)) return;
      this.#reply = undefined;
    }
    this.#sendNotifications();
  }

  #sendNotifications(): void {
    let sent = 0;
    if (this.#notifications.length === 0) return;
    for (const { id, payload } of this.#notifications) {
      if (!this.#startNotification(id, payload)) break;
      sent++;
    }
    if (sent > 0) this.#notifications.splice(0, sent);
  }

  /** Reads all waiting messages. RM handles no other event in between. */
  #readAll(): void {
    while (!this.#closed) {
      const size = this.toManager.receiveInto(this.#incoming);
      if (size === 0) return;
      this.#reassembler.receive(this.#incomingView, 0, size);
    }
  }
}
