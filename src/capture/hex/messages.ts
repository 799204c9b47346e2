import { type Issue, WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import {
  emptyPacket,
  GrowingBuffer,
  type Packet,
  type PacketSink,
  type WarningSink,
} from '../packets/index.js';
import { stripPrintedLink } from '../pcap/index.js';

/** Largest dump in bytes. It limits memory; a queue message has at most 240 bytes. */
const DUMP_SIZE_MAX = 1024 * 1024;

/** Reads the lines of one style. */
export interface LineReader {
  line(text: string, number: number, offset: number): void;
  end(): void;
}

/** Where a line stands, for messages about it. */
export interface LinePlace {
  readonly text: string;
  readonly number: number;
  readonly offset: number;
}

/** Gathers the bytes of one message and hands it on. */
export class MessageAssembler {
  readonly bytes = new GrowingBuffer();
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #packet = emptyPacket();

  constructor(sink: PacketSink, warn: WarningSink) {
    this.#sink = sink;
    this.#warn = warn;
  }

  /** Appends the bytes of a line. Throws WireError `dump_length` above DUMP_SIZE_MAX. */
  append(row: GrowingBuffer, place: LinePlace): void {
    this.checkSize(this.bytes.length + row.length, place);
    this.bytes.append(row.data, 0, row.length);
  }

  checkSize(size: number, place: LinePlace): void {
    if (size <= DUMP_SIZE_MAX) return;
    const expected = `at most ${DUMP_SIZE_MAX} bytes`;
    throw new WireError({
      code: 'dump_length',
      path: `line ${place.number}`,
      offset: place.offset,
      expected,
      actual: size,
    });
  }

  /** Delivers the bytes gathered as one message and starts the next. */
  emit(from: number | undefined, to: number | undefined): void {
    const packet = this.#take();
    packet.from = from;
    packet.to = to;
    this.#sink(packet);
  }

  /** As `emit`, of the bytes of a packet of a capture, whose link type is not known. */
  emitPacket(): void {
    const packet = this.#take();
    const problem = stripPrintedLink(packet);
    if (problem === undefined) this.#sink(packet);
    else this.#warn({ code: problem.code, frame: packet.frame, offset: 0, message: problem.message });
  }

  #take(): Packet {
    const packet = this.#packet;
    packet.frame += 1;
    packet.from = undefined;
    packet.to = undefined;
    packet.data = this.bytes.data;
    packet.view = this.bytes.view;
    packet.start = 0;
    packet.end = this.bytes.length;
    this.bytes.clear();
    return packet;
  }

  /** Warns about the message being gathered. */
  warn(code: string, offset: number, message: string): void {
    this.#warn({ code, frame: this.#packet.frame + 1, offset, message });
  }
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

export function isComment(text: string): boolean {
  return text.startsWith('#');
}

/** Bytes of a header (protocol/rpc.md). */
export const HEADER_SIZE = 8;

/**
 * Whether the bytes can begin an RPC message: the first byte of every header is 0x21 and a header is 8 bytes
 * (protocol/rpc.md). Used only where the text does not tell where a message begins.
 */
export function startsRpcMessage(row: GrowingBuffer): boolean {
  return row.length >= HEADER_SIZE && row.data[0] === 0x21;
}

/** Whether the bytes can be the beginning of an RPC message. */
export function beginsMessage(row: GrowingBuffer): boolean {
  return row.length > 0 && row.data[0] === 0x21;
}

/**
 * As `startsRpcMessage`, and bits 8 to 15 of the message ID are 0, as in all IDs (protocol/messages.json): few bytes
 * amid a message do so. Used to tell whether a line goes on or begins a message.
 */
export function beginsHeader(row: GrowingBuffer): boolean {
  return startsRpcMessage(row) && row.data[5] === 0;
}

/** WireError `ambiguous`: a line that could be read in two ways. `expected` says which formats to choose from. */
export function ambiguousLine(place: LinePlace, expected: string): WireError {
  return new WireError({ ...issueOf(place), code: 'ambiguous', expected });
}

/** WireError `hex`: a line that does not fit the style. */
export function badLine(place: LinePlace, expected = 'hex bytes'): WireError {
  return new WireError({ ...issueOf(place), expected });
}

function issueOf({ text, number, offset }: LinePlace): Issue {
  const actual = jsonText(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  return { code: 'hex', path: `line ${number}`, offset, expected: 'hex bytes', actual };
}
