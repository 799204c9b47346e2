import { protocol } from '../../schemas/index.js';
import { concatenated, viewOf } from '../base/bytes.js';
import { headerReader, ReusedHeader } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import type { HostError } from './error.js';
import type { GenerationName } from './generations.js';
import type { Hazard } from './hazard.js';
import type { CallName } from './outgoing-call.js';

/** A request that was seen on the wire. */
export interface SeenCall extends CallName {
  readonly seq: number;
}

/** A queue message that was seen on its way to the VM, and what the caller knows it by. */
export interface SeenFrame<Origin> {
  readonly bytes: Uint8Array;
  readonly origin: Origin;
}

/** A whole message in one queue message, as another has read it. Payload and origin are made when they are asked for. */
export interface SeenMessage<Origin> {
  /** Of the header. */
  readonly type: number;
  readonly seq: number;
  readonly id: number;
  /** Error word of a reply; undefined if it is too short for one. */
  readonly error: number | undefined;
  /** Bytes of the payload, in replies those behind the error word. */
  readonly size: number;
  payload(): Uint8Array;
  origin(): Origin;
}

/** Who does something, because of which queue message. */
export interface Cause<Origin> {
  readonly clients: readonly GenerationName[];
  readonly origin: Origin;
}

/** Receives what clients make of messages that were seen. Bytes are valid until the function returns. */
export interface FollowerSink<Call, Origin> {
  hazard(hazard: Hazard, cause: Cause<Origin>): void;
  notification(id: number, payload: Uint8Array, cause: Cause<Origin>): void;
  /**
   * Whether {@link returned} and {@link failed} are to be told of a call with this message id. Asked where telling costs
   * more than the answer.
   *
   * @param size of the payload of the OK reply; undefined: the call failed.
   */
  concerns(id: number, size: number | undefined): boolean;
  /** A call has got its OK reply. */
  returned(call: Call, payload: Uint8Array, cause: Cause<Origin>): void;
  /** A call has got an error, which is made when it is asked for. */
  failed(call: Call, error: () => HostError, cause: Cause<Origin>): void;
}

const header = headerReader(protocol);
const ERROR_WORD_END = header.size + 4;
const API = 0x21;

/** Reads a queue message. */
export class ReadFrame<Origin> implements SeenMessage<Origin> {
  type = 0;
  seq = 0;
  id = 0;
  error: number | undefined;
  size = 0;
  /** Continuations of its message. */
  announced = 0;
  #frame!: SeenFrame<Origin>;
  readonly #header: Header = new ReusedHeader();

  /** @returns false for one that is malformed. */
  from(frame: SeenFrame<Origin>): boolean {
    const { bytes } = frame;
    if (bytes.length < header.size || bytes.length > protocol.limits.queue_message || bytes[0] !== API)
      return false;
    const view = viewOf(bytes);
    header.readInto(this.#header, view, 0);
    const { type, fragments, seq, msg_id } = this.#header;
    const hasError = type === MessageType.reply && bytes.length >= ERROR_WORD_END;
    this.type = type;
    this.seq = seq;
    this.id = msg_id;
    this.error = hasError ? view.getUint32(header.size, true) : undefined;
    this.size = bytes.length - (hasError ? ERROR_WORD_END : header.size);
    this.announced = fragments;
    this.#frame = frame;
    return true;
  }

  payload(): Uint8Array {
    const { bytes } = this.#frame;
    return bytes.subarray(bytes.length - this.size);
  }

  origin(): Origin {
    return this.#frame.origin;
  }
}

/** A reply of which some queue messages have come. */
export interface Parts<Call, Origin> {
  readonly call: Call;
  readonly error: number;
  readonly announced: number;
  /** Bytes of the payload that have come. */
  size: number;
  readonly frames: SeenFrame<Origin>[];
}

/** A reply of which all queue messages have come. */
export class WholeReply<Origin> {
  readonly size: number;
  readonly #frames: readonly SeenFrame<Origin>[];

  constructor({ size, frames }: Parts<unknown, Origin>) {
    this.size = size;
    this.#frames = frames;
  }

  payload(): Uint8Array {
    return concatenated(
      this.#frames.map(({ bytes }, index) => bytes.subarray(index === 0 ? ERROR_WORD_END : header.size)),
    );
  }

  origin(): Origin {
    return (this.#frames.at(-1) as SeenFrame<Origin>).origin;
  }
}
