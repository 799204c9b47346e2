import type { Issue } from '../base/error.js';
import { codecOf } from '../codec/codec.js';
import { compileDecode } from '../codec/compile-decode.js';
import { compile, functionText, quote } from '../codec/emitter.js';
import { reads } from '../codec/struct-reader.js';
import type { Header, Protocol } from '../schema/index.js';
import { visitType } from '../wire/index.js';

export interface HeaderReader {
  /** Size of the header in bytes. */
  readonly size: number;
  /** The header at `start`. All of its bytes must be there. */
  read(view: DataView, start: number): Header;
  /** The same into an object that is there already. */
  readInto(header: Header, view: DataView, start: number): void;
  /**
   * Why the queue message [start, end) is malformed (rpc.md, "What a receiver does"); undefined if it is not. Codes
   * `short`, `api` and `fragments`. Offsets count from the start of the queue message.
   */
  fault(view: DataView, start: number, end: number): Issue | undefined;
  /** What {@link wholeBitsOf} gives for the first word of every message in one part. */
  readonly wholeBits: number;
}

/** The header fields that differ between queue messages. */
export type FrameHeader = Omit<Header, 'api_version' | 'header_words'>;

/** Behind the two bits of the type in the second byte. */
const FRAGMENTS_SHIFT = 2;

/** The first byte holds version and header length. Each has one valid value. */
function firstByte({ limits }: Protocol): number {
  return 1 | ((limits.header / 4) << 4);
}

// What stands in the first word of a header, which is read as a little-endian integer. The id is the second word.

/** Version, length and number of parts, which are the same for all messages in one part. */
export function wholeBitsOf(word: number): number {
  return word & 0xfcff;
}

export function typeOf(word: number): number {
  return (word >>> 8) & 3;
}

export function seqOf(word: number): number {
  return word >>> 16;
}

/** A number that V8 does not keep as a small integer. */
const ABOVE_INT32 = 2 ** 31;

/** A header that is read again and again, for those who would make an object for each queue message. */
export class ReusedHeader implements Header {
  api_version = 0;
  header_words = 0;
  type = 0;
  fragments = 0;
  seq = 0;
  // V8 keeps the field as a double from the start. An id above 2^31 later would make it compile again what reads headers.
  msg_id = ABOVE_INT32;
}

const made = new WeakMap<Protocol, HeaderReader>();

/** Reads headers as the protocol declares them. */
export function headerReader(protocol: Protocol): HeaderReader {
  let reader = made.get(protocol);
  if (reader === undefined) {
    reader = makeReader(protocol);
    made.set(protocol, reader);
  }
  return reader;
}

function makeReader(protocol: Protocol): HeaderReader {
  const decode = compileDecode(protocol.header);
  const size = protocol.limits.header;
  const api = firstByte(protocol);
  const limit = protocol.limits.max_continuations;
  const issue = (code: string, offset: number, expected: number | string, actual: number): Issue => ({
    code,
    path: '',
    offset,
    expected,
    actual,
  });
  const read = (view: DataView, start: number) =>
    decode(view, start, start + size, undefined) as unknown as Header;
  return {
    size,
    wholeBits: api,
    // All bytes are valid as a header.
    read,
    readInto: compile(parameters, readSource(protocol), (header, view, start) =>
      Object.assign(header, read(view, start)),
    ),
    fault(view, start, end) {
      if (end - start < size) return issue('short', 0, size, end - start);
      const first = view.getUint8(start);
      if (first !== api) return issue('api', 0, api, first);
      const fragments = view.getUint8(start + 1) >>> FRAGMENTS_SHIFT;
      return fragments > limit ? issue('fragments', 1, `0..${limit}`, fragments) : undefined;
    },
  };
}

function fits(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}

/** Writes the header of a queue message at `start`. Throws WireError for a field that does not fit. */
export type HeaderWriter = (header: FrameHeader, view: DataView, start: number) => void;

/**
 * The same bytes as the codec of the declaration. The codec counts the keys of what it is given, and looks for room, which
 * takes longer than all else that is done for a short queue message.
 */
export function headerWriter(protocol: Protocol): HeaderWriter {
  const api = firstByte(protocol);
  const codec = codecOf(protocol.header);
  const header_words = protocol.limits.header / 4;
  return ({ type, fragments, seq, msg_id }, view, start) => {
    if (fits(type, 2) && fits(fragments, 6) && fits(seq, 16) && fits(msg_id, 32)) {
      view.setUint8(start, api);
      view.setUint8(start + 1, type | (fragments << FRAGMENTS_SHIFT));
      view.setUint16(start + 2, seq, true);
      view.setUint32(start + 4, msg_id, true);
    } else codec.encode({ api_version: 1, header_words, type, fragments, seq, msg_id }, view, start);
  };
}

const parameters = ['h', 'v', 'p'];

function readSource({ header }: Protocol): string {
  const lines: string[] = [];
  let offset = 0;
  for (const { name, type } of header.fields) {
    lines.push(`h[${quote(name)}] = ${visitType(type, reads, `p + ${offset}`)};`);
    offset += type.fixedSize as number;
  }
  return lines.join('\n');
}

/** The text of the function that reads headers, for `provideBuilt`. */
export function headerFunction(protocol: Protocol): string {
  return functionText(parameters, readSource(protocol));
}
