import type { Issue } from '../base/error.js';
import { type Header, MessageType, type Protocol } from '../schema/index.js';
import { type HeaderReader, headerReader, ReusedHeader } from './header.js';
import { type ReassemblyRules, rmRules } from './rules.js';

/**
 * Takes the results of reassembly. Each queue message causes exactly one of `message`, `part`, `stray` and `malformed`.
 * If it ends a message in progress, `abandoned` is called before that. Views and headers are valid during the call only.
 */
export interface ReassemblySink {
  /**
   * A message is complete; its payload is [start, end) of the view. `header` is the header of its first queue message,
   * `last` that of its last. Also called for a whole message that the receiver drops.
   */
  message(header: Header, view: DataView, start: number, end: number, last: Header): void;
  /** The first or a further part of a message that is not complete yet. */
  part(header: Header): void;
  /** The message in progress will never be complete. The payload bytes received are [0, size) of the view. */
  abandoned(header: Header, view: DataView, size: number): void;
  /** A continuation that no message in progress takes, or a first message that the receiver drops. */
  stray(header: Header): void;
  /** No RPC message. */
  malformed(issue: Issue): void;
}

/** A message in progress as plain data. */
export interface ReassemblyState {
  readonly first: Header;
  /** Continuations that have not come. */
  readonly missing: number;
  /** The payload so far. */
  readonly bytes: Uint8Array;
}

const ignore = (): void => {};

/** A sink for those who want whole messages and nothing else. */
export function messagesOnly(message: ReassemblySink['message']): ReassemblySink {
  return { message, part: ignore, abandoned: ignore, stray: ignore, malformed: ignore };
}

const nothing = new DataView(new ArrayBuffer(0));

/**
 * Reassembles the queue messages of one sender. It never throws because of the bytes it is given. It holds at most one
 * message as far as it has come: up to 14 616 bytes, or more if queue messages are larger than allowed.
 */
export class Reassembler {
  readonly #reader: HeaderReader;
  /** Of the latest queue message. */
  readonly #header: Header = new ReusedHeader();
  #buffer = new Uint8Array(0);
  #view = nothing;
  #size = 0;
  /** First header of the message in progress. */
  #first: Header | undefined;
  #missing = 0;

  readonly #protocol: Protocol;
  readonly #sink: ReassemblySink;
  readonly #rules: ReassemblyRules;
  readonly #expects: (seq: number, id: number) => boolean;

  /** `expects` tells whether a request with this seq and id waits for a reply. Only rules with `checksOutstanding` call it. */
  constructor(
    protocol: Protocol,
    sink: ReassemblySink,
    rules: ReassemblyRules = rmRules,
    expects: (seq: number, id: number) => boolean = () => true,
  ) {
    this.#protocol = protocol;
    this.#sink = sink;
    this.#rules = rules;
    this.#expects = expects;
    this.#reader = headerReader(protocol);
  }

  /** Takes the queue message [start, end) of the view. */
  receive(view: DataView, start: number, end: number): void {
    const reader = this.#reader;
    const fault = reader.fault(view, start, end);
    if (fault !== undefined) {
      this.#sink.malformed(fault);
      return;
    }
    const header = this.#header;
    reader.readInto(header, view, start);
    const payload = start + reader.size;
    if (header.type === MessageType.continuation) this.#continue(header, view, payload, end);
    else if (this.#drops(header)) {
      if (header.fragments === 0) this.#sink.message(header, view, payload, end, header);
      else this.#sink.stray(header);
    } else {
      this.abandon();
      if (header.fragments === 0) this.#sink.message(header, view, payload, end, header);
      else this.#begin(header, view, payload, end);
    }
  }

  /** A message is in progress. */
  get isInMessage(): boolean {
    return this.#first !== undefined;
  }

  /** The message in progress, which another reassembler can go on with: see {@link load}. */
  get state(): ReassemblyState | undefined {
    if (this.#first === undefined) return undefined;
    return { first: this.#first, missing: this.#missing, bytes: this.#buffer.slice(0, this.#size) };
  }

  /** Goes on where another one has come to. */
  load(state: ReassemblyState | undefined): void {
    this.#first = state?.first;
    if (state === undefined) return;
    const { bytes, missing } = state;
    this.#missing = missing;
    this.#size = 0;
    this.#append(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  }

  /** The sender has ended: gives up the message in progress. */
  abandon(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#first = undefined;
    this.#sink.abandoned(first, this.#view, this.#size);
  }

  /** Whether the receiver ignores a first queue message, so that it does not end the message in progress. */
  #drops(header: Header): boolean {
    if (header.type === MessageType.request) return !this.#rules.takesRequests;
    return (
      header.type === MessageType.reply &&
      this.#rules.checksOutstanding &&
      !this.#expects(header.seq, header.msg_id)
    );
  }

  #begin(header: Header, view: DataView, start: number, end: number): void {
    this.#first = { ...header };
    this.#missing = header.fragments;
    this.#size = 0;
    this.#append(view, start, end);
    this.#sink.part(header);
  }

  #continue(header: Header, view: DataView, start: number, end: number): void {
    const first = this.#first;
    const rules = this.#rules;
    if (first === undefined) {
      this.#sink.stray(header);
      return;
    }
    const fits =
      header.fragments === first.fragments &&
      (!rules.checksId || header.msg_id === first.msg_id) &&
      (!rules.checksSeq || header.seq === first.seq);
    if (!fits) {
      if (rules.misfit === 'aborts') this.abandon();
      this.#sink.stray(header);
      return;
    }
    this.#append(view, start, end);
    if (end > start || rules.countsEmpty) this.#missing--;
    if (this.#missing > 0) {
      this.#sink.part(header);
      return;
    }
    this.#first = undefined;
    this.#sink.message(first, this.#view, 0, this.#size, header);
  }

  #append(view: DataView, start: number, end: number): void {
    const size = this.#size + end - start;
    if (size > this.#buffer.length) {
      // The header announces up to 14 616 bytes, but the rest may never come: hold what came.
      const doubled = Math.min(2 * this.#buffer.length, this.#protocol.limits.max_payload);
      const grown = new Uint8Array(Math.max(size, doubled));
      grown.set(this.#buffer.subarray(0, this.#size));
      this.#buffer = grown;
      this.#view = new DataView(grown.buffer);
    }
    copyBytes(view, start, end, this.#view, this.#size);
    this.#size = size;
  }
}

/** For the bytes of a queue message this loop is faster than `set` of an array, which must be made. */
function copyBytes(from: DataView, start: number, end: number, to: DataView, at: number): void {
  const apart = at - start;
  let next = start;
  for (; next + 4 <= end; next += 4) to.setInt32(next + apart, from.getInt32(next, true), true);
  for (; next < end; next++) to.setUint8(next + apart, from.getUint8(next));
}
