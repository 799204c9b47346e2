import { WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { emptyPacket, GrowingBuffer, type PacketSink, type WarningSink } from '../packets/index.js';
import { parseMessageLine } from './styles.js';

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
    const packet = this.#packet;
    packet.frame += 1;
    packet.from = from;
    packet.to = to;
    packet.data = this.bytes.data;
    packet.view = this.bytes.view;
    packet.end = this.bytes.length;
    this.bytes.clear();
    this.#sink(packet);
  }

  /** Warns about the message being gathered. */
  warn(code: string, offset: number, message: string): void {
    this.#warn({ code, frame: this.#packet.frame + 1, offset, message });
  }
}

/** Each line is a message. */
export class MessageLineReader implements LineReader {
  readonly #assembler: MessageAssembler;

  constructor(assembler: MessageAssembler) {
    this.#assembler = assembler;
  }

  line(text: string, number: number, offset: number): void {
    if (isBlank(text) || isComment(text)) return;
    const message = parseMessageLine(text, this.#assembler.bytes);
    if (message === undefined) throw badLine({ text, number, offset });
    this.#assembler.emit(message.from, message.to);
  }

  end(): void {}
}

/** `xxd -p`: lines of one length (60 digits by default) make a message, up to a shorter or blank one. */
export class PlainDumpReader implements LineReader {
  readonly #assembler: MessageAssembler;
  readonly #row = new GrowingBuffer();
  /** Bytes of the first line of the dump in progress. */
  #rowSize = 0;

  constructor(assembler: MessageAssembler) {
    this.#assembler = assembler;
  }

  line(text: string, number: number, offset: number): void {
    if (isComment(text)) return;
    if (isBlank(text)) {
      this.end();
      return;
    }
    const row = this.#row;
    const place = { text, number, offset };
    const message = parseMessageLine(text, row);
    if (message === undefined || message.from !== undefined) {
      this.end();
      throw badLine(place);
    }
    if (this.#assembler.bytes.length === 0) this.#rowSize = row.length;
    this.#assembler.append(row, place);
    if (row.length < this.#rowSize) this.end();
  }

  end(): void {
    if (this.#assembler.bytes.length > 0) this.#assembler.emit(undefined, undefined);
  }
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

export function isComment(text: string): boolean {
  return text.startsWith('#');
}

/**
 * Whether the bytes can begin an RPC message: the first byte of every header is 0x21 and a header is 8 bytes
 * (protocol/rpc.md). Used only where the text does not tell where a message begins.
 */
export function startsRpcMessage(row: GrowingBuffer): boolean {
  return row.length >= 8 && row.data[0] === 0x21;
}

/** WireError `hex`: a line that does not fit the style. */
export function badLine(place: LinePlace): WireError {
  const { text, number, offset } = place;
  const actual = jsonText(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  return new WireError({ code: 'hex', path: `line ${number}`, offset, expected: 'hex bytes', actual });
}
