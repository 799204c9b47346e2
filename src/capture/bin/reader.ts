import { WireError } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import { type Header, MessageType, type Protocol } from '../../schema/index.js';
import { type Values, VariantType } from '../../wire/index.js';
import { type CaptureReader, emptyPacket, GrowingBuffer, type PacketSink } from '../packets/index.js';
import { decodePayload } from '../payload/index.js';

/** Bytes of the largest queue message (protocol/rpc.md). */
const MESSAGE_MAX = 240;
/** Requests that are kept: each VM has one sequence number for each of its requests without a reply. */
const REQUESTS_MAX = 4096;

/**
 * Whether bytes begin as a queue message does: 0x21, and a message ID whose bits 8 to 15 are 0, as in all IDs of
 * protocol/messages.json. Undefined while they are too few to tell.
 */
export function isBin(prefix: Uint8Array): boolean | undefined {
  if (prefix.length > 0 && prefix[0] !== 0x21) return false;
  return prefix.length < 6 ? undefined : prefix[5] === 0;
}

/**
 * Reads what `encode --to bin` writes. Nothing says where a message ends: it is where the next known header begins, or
 * the input ends, and the payload before it is of its declared layout. An end that is not sure is not guessed.
 *
 * Throws WireError: `bin` (bytes that are no known message), `ambiguous` (a message that could end in several places).
 */
export function binReader(protocol: Protocol, sink: PacketSink): CaptureReader {
  return new BinReader(protocol, sink);
}

class BinReader implements CaptureReader {
  readonly #protocol: Protocol;
  readonly #sink: PacketSink;
  readonly #packet = emptyPacket();
  #pending = new GrowingBuffer(4096);
  /** Offset in the file of the first byte of #pending. */
  #offset = 0;
  /** The message whose continuations follow: its header, and the payload of the packets received. */
  #first: { readonly header: Header; readonly payload: GrowingBuffer; received: number } | undefined;
  /** Requests by sequence number and message ID, since the layout of some replies depends on theirs. */
  readonly #requests = new Map<string, Values>();

  constructor(protocol: Protocol, sink: PacketSink) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    this.#pending.append(chunk, 0, chunk.length);
    this.#take(false);
  }

  end(): void {
    this.#take(true);
  }

  /** Delivers messages as long as enough bytes are there to see where they end. */
  #take(isEnd: boolean): void {
    const { data, view, length } = this.#pending;
    const ahead = MESSAGE_MAX + this.#protocol.limits.header;
    let at = 0;
    while (isEnd ? at < length : length - at >= ahead) {
      const size = this.#sizeAt(view, at, length, isEnd);
      const packet = this.#packet;
      packet.frame += 1;
      packet.data = data;
      packet.view = view;
      packet.start = at;
      packet.end = at + size;
      at += size;
      this.#sink(packet);
    }
    if (at === 0) return;
    const rest = new GrowingBuffer(Math.max(4096, length - at));
    rest.append(data, at, length);
    this.#pending = rest;
    this.#offset += at;
  }

  #sizeAt(view: DataView, at: number, length: number, isEnd: boolean): number {
    const header = this.#headerAt(view, at, length);
    const isAlone = isEnd && this.#packet.frame === 0 && at === 0 && length <= MESSAGE_MAX;
    const ends = header === undefined ? [] : this.#endsOf(header, view, at, length, isEnd);
    const [end, other] = ends;
    if (header !== undefined && end !== undefined && other === undefined) {
      this.#keep(header, view, at, end);
      return end - at;
    }
    // One message alone may be of any kind.
    if (isAlone && other === undefined) return length;
    const path = `message ${this.#packet.frame + 1}`;
    const offset = this.#offset + at;
    if (other !== undefined) {
      const actual = ends.map((place) => place - at).join(' or ');
      throw new WireError({ code: 'ambiguous', path, offset, expected: 'one size of the message', actual });
    }
    const expected = 'a known message, and behind it another or the end';
    throw new WireError({ code: 'bin', path, offset, expected, actual: 'other bytes' });
  }

  /** Where the message can end: what stands there can follow it, and its payload is of its layout. */
  #endsOf(header: Header, view: DataView, at: number, length: number, isEnd: boolean): number[] {
    const ends: number[] = [];
    const last = Math.min(length, at + MESSAGE_MAX);
    for (let end = at + this.#protocol.limits.header; end <= last; end += 1) {
      const isHere = end === length ? isEnd : this.#follows(header, this.#headerAt(view, end, length));
      if (isHere && this.#isWhole(header, view, at, end)) ends.push(end);
    }
    return ends;
  }

  /** The header of a known message; undefined for other bytes. */
  #headerAt(view: DataView, at: number, length: number): Header | undefined {
    const { header: layout, limits, byId } = this.#protocol;
    if (length - at < limits.header || view.getUint8(at) !== 0x21) return undefined;
    const header = codecOf(layout).decode(view, at, at + limits.header) as Header;
    return header.fragments <= limits.max_continuations && byId.has(header.msg_id) ? header : undefined;
  }

  /** Whether a queue message can stand behind another. */
  #follows(before: Header, next: Header | undefined): boolean {
    if (next === undefined) return false;
    if (next.type !== MessageType.continuation) return true;
    return next.seq === before.seq && next.msg_id === before.msg_id && next.fragments === before.fragments;
  }

  #isWhole(header: Header, view: DataView, start: number, end: number): boolean {
    const body = start + this.#protocol.limits.header;
    const first = this.#first;
    if (header.type !== MessageType.continuation)
      return header.fragments > 0 || this.#isPayload(header, view, body, end);
    if (first?.header.seq !== header.seq || first.header.msg_id !== header.msg_id) return false;
    if (first.received < header.fragments) return true;
    const payload = new GrowingBuffer();
    payload.append(first.payload.data, 0, first.payload.length);
    payload.append(new Uint8Array(view.buffer, view.byteOffset + body, end - body), 0, end - body);
    return this.#isPayload(first.header, payload.view, 0, payload.length);
  }

  /** Remembers the parts of a message, so that the end of the last shows. */
  #keep(header: Header, view: DataView, start: number, end: number): void {
    const body = start + this.#protocol.limits.header;
    if (header.type !== MessageType.continuation)
      this.#first = { header, payload: new GrowingBuffer(), received: 0 };
    const first = this.#first;
    if (first === undefined || header.fragments === 0) return;
    first.received += 1;
    first.payload.append(new Uint8Array(view.buffer, view.byteOffset + body, end - body), 0, end - body);
  }

  /** Whether the payload [start, end) of a whole message is of its layout. */
  #isPayload({ type, seq, msg_id }: Header, view: DataView, start: number, end: number): boolean {
    const message = this.#protocol.byId.get(msg_id);
    const key = `${seq} ${msg_id}`;
    const request = type === MessageType.reply ? this.#requests.get(key) : undefined;
    const { layout, complete, issues, rest, payload } = decodePayload(
      message,
      type,
      view,
      start,
      end,
      request,
    );
    // A layout that is not known, or depends on a request that was not seen, tells no size.
    const isOpen =
      layout === undefined
        ? message?.layout === 'unknown'
        : layout instanceof VariantType && request === undefined;
    const isExact = issues.length === 0 && rest === undefined && (complete || layout === undefined);
    if (isExact && type === MessageType.request && payload !== undefined) {
      if (this.#requests.size >= REQUESTS_MAX) this.#requests.clear();
      this.#requests.set(key, payload);
    }
    return isOpen || isExact;
  }
}
