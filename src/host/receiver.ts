import { protocol } from '../../schemas/index.js';
import { viewOf } from '../base/bytes.js';
import type { Issue } from '../base/error.js';
import { headerReader } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { Assembly } from './assembly.js';
import type { Reception } from './generations.js';
import type { Hazard } from './hazard.js';
import { hazards } from './hazards.js';
import type { OutgoingCall } from './outgoing-call.js';

/** Receives the results of queue messages. */
export interface ReceiverSink {
  /** The call with this seq and message id that has not returned. */
  find(seq: number, id: number): OutgoingCall | undefined;
  /** The reply is complete, or was aborted. */
  done(call: OutgoingCall): void;
  /** `payload` is undefined where the client passes a null pointer. */
  notification(id: number, payload: Uint8Array | undefined): void;
  /** The client ignores a queue message, or a message of which only a part has come. */
  dropped(issue: Issue): void;
  /** The client leaks. */
  report(hazard: Hazard): void;
  /** The client crashes. @param call the one whose reply it was about to take. */
  crash(hazard: Hazard, call: OutgoingCall | undefined): void;
}

interface IncomingNotification {
  readonly id: number;
  readonly assembly: Assembly;
}

const REPLY_HEADER_SIZE = 12;
const FRAME_SIZE_MAX = protocol.limits.queue_message;
const header = headerReader(protocol);
const API = 0x21;

/**
 * Takes queue messages as a Linux client does (client.md, section 2). Unlike the reassembler of src/rpc it assembles a
 * reply in the call that waits for it, as the clients do, so that two replies to one call interfere as they do there.
 */
export class Receiver {
  /** The message in assembly. There is never more than one. */
  #active: OutgoingCall | IncomingNotification | undefined;
  readonly #generation: Reception;
  readonly #sink: ReceiverSink;

  constructor(generation: Reception, sink: ReceiverSink) {
    this.#generation = generation;
    this.#sink = sink;
  }

  get assembling(): boolean {
    return this.#active !== undefined;
  }

  /** The caller has given up: stops assembling its reply. */
  forget(call: OutgoingCall): void {
    if (this.#active === call) this.#active = undefined;
  }

  /** Takes one queue message. @returns false when the client stops reading until the next interrupt. */
  receive(frame: Uint8Array): boolean {
    const { frameSizeMin, checksApi, stopsReading } = this.#generation;
    if (frame.length < frameSizeMin || frame.length > FRAME_SIZE_MAX) {
      this.#drop('frame_size', 0, `${frameSizeMin}..${FRAME_SIZE_MAX}`, frame.length);
      return true;
    }
    const [api = 0] = frame;
    if (checksApi && api !== API) {
      this.#drop('api', 0, API, api);
      return !stopsReading;
    }
    const fields = header.read(viewOf(frame), 0);
    switch (fields.type) {
      case MessageType.request:
        this.#drop('type', 1, 'no request', 'request');
        return !stopsReading;
      case MessageType.reply:
        this.#reply(fields, frame);
        return true;
      case MessageType.notification:
        this.#notification(fields, frame.subarray(header.size));
        return true;
      default:
        this.#continuation(fields, frame.subarray(header.size));
        return true;
    }
  }

  #drop(code: string, offset: number, expected: number | string, actual: number | string): void {
    this.#sink.dropped({ code, path: '', offset, expected, actual });
  }

  #crash(hazard: Hazard, waiting?: OutgoingCall): void {
    const active = this.#active;
    this.#active = undefined;
    this.#sink.crash(hazard, waiting ?? (active !== undefined && 'message' in active ? active : undefined));
  }

  /** Ends the message in assembly because another one starts. @returns false when that crashes the client. */
  #abort(): boolean {
    const active = this.#active;
    this.#active = undefined;
    if (active === undefined) return true;
    if (!('message' in active)) {
      this.#drop('aborted', 0, 'the rest of the notification', 'another message');
      if (this.#generation.keepsDevice) this.#sink.report(hazards.device_refs_leaked);
      return true;
    }
    if (active.state === 'returned') {
      this.#crash(hazards.reply_after_return);
      return false;
    }
    this.#fail(active, 'EIO');
    return true;
  }

  #fail(call: OutgoingCall, errno: 'EIO' | 'ENOMEM'): void {
    call.failure = errno;
    this.#sink.done(call);
  }

  #reply({ seq, msg_id, fragments }: Header, frame: Uint8Array): void {
    const crashes = this.#generation.refusedReply === 'crashes';
    const call = this.#sink.find(seq, msg_id);
    if (call === undefined) {
      // q515 first aborts the message in assembly, which makes no difference as it then crashes.
      if (crashes) this.#crash(hazards.unexpected_reply);
      else this.#drop('unexpected', 2, 'a reply that is waited for', seq);
      return;
    }
    if (!this.#abort()) return;
    if (frame.length < REPLY_HEADER_SIZE) {
      if (crashes) this.#crash(hazards.reply_without_error_word, call);
      else this.#fail(call, 'ENOMEM');
      return;
    }
    const payload = frame.subarray(REPLY_HEADER_SIZE);
    const replaces = call.assembly.allocated && payload.length + fragments > 0;
    if (!call.assembly.start(fragments, payload)) {
      this.#fail(call, 'ENOMEM');
      return;
    }
    if (replaces) this.#sink.report(hazards.overwritten_reply);
    call.errorWord = viewOf(frame).getUint32(header.size, true);
    this.#active = call;
    this.#complete();
  }

  #notification({ msg_id: id, fragments }: Header, payload: Uint8Array): void {
    if (!this.#abort()) return;
    const assembly = new Assembly(this.#generation.buffer, protocol.limits.content);
    if (!assembly.start(fragments, payload)) {
      this.#drop('fragments', 1, `0..${protocol.limits.max_continuations}`, fragments);
      return;
    }
    this.#active = { id, assembly };
    this.#complete();
  }

  #continuation({ msg_id, fragments }: Header, payload: Uint8Array): void {
    const active = this.#active;
    if (active === undefined) {
      this.#drop('stray', 1, 'a message in assembly', 'a continuation');
      return;
    }
    if ('state' in active && active.state === 'returned') {
      this.#crash(hazards.reply_after_return);
      return;
    }
    const id = 'message' in active ? active.message.id : active.id;
    if (this.#generation.misfit === 'aborts') {
      if (id !== msg_id || !active.assembly.announces(fragments)) {
        this.#abort();
        return;
      }
    } else if (!active.assembly.announces(fragments)) {
      this.#drop('stray', 1, 'the number of continuations announced', fragments);
      return;
    }
    const outside = active.assembly.append(payload);
    if (outside === undefined) this.#complete();
    else this.#crash(outside === 'missing' ? hazards.missing_reply_buffer : hazards.small_reply_buffer);
  }

  #complete(): void {
    const active = this.#active;
    if (active === undefined || !active.assembly.complete) return;
    this.#active = undefined;
    if ('message' in active) this.#sink.done(active);
    else this.#sink.notification(active.id, active.assembly.allocated ? active.assembly.payload : undefined);
  }
}
