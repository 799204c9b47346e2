import { WireError } from '../../base/error.js';
import {
  type CaptureReader,
  emptyPacket,
  type ItemFormat,
  type PacketSink,
  Splitter,
  type SplitterState,
  type UsualSink,
  type WarningSink,
} from '../packets/index.js';
import {
  isSupportedLink,
  LINK_UPPER_PDU,
  LINK_USER0,
  receiverBefore,
  senderBefore,
  stripLink,
  usualMessageStart,
} from './link.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_HEAD_SIZE,
  BLOCK_INTERFACE,
  BLOCK_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_SIZE_MAX,
  BLOCK_TAIL_SIZE,
  BYTE_ORDER_MAGIC,
  BYTE_ORDER_MAGIC_SWAPPED,
  blockKind,
  ENHANCED_PACKET_DATA,
  ENHANCED_PACKET_MIN,
  OPTION_DROP_COUNT,
  SIMPLE_PACKET_DATA,
} from './pcapng-blocks.js';
import { CaptureInterface, type InterfaceState } from './pcapng-interface.js';
import { OptionCursor, readComments } from './pcapng-options.js';

/** Type, length and, in a section header, the byte-order magic that tells how to read the length. */
const SIZE_KNOWN_FROM = 12;

/**
 * Reads pcapng: any number of sections of either byte order, interfaces of link type 252 and 147 mixed with others
 * (whose packets are skipped), enhanced, simple and obsolete packet blocks; other blocks are skipped.
 *
 * Throws WireError, with the offset in the file: `magic` (not pcapng), `version` (major version not 1),
 * `block_length` (a length that contradicts itself, its block or BLOCK_SIZE_MAX), `truncated` (at end(): offset of
 * the block that is cut) and `link_type` (at end(): there were packets, but none of a link type we read).
 */
export function pcapngReader(
  sink: PacketSink,
  warn: WarningSink,
  state?: PcapngState,
  usual?: UsualSink,
): CaptureReader {
  const format = new PcapngFormat(sink, warn, state, usual);
  const splitter = new Splitter(format, state?.splitter);
  return {
    push: (chunk) => splitter.push(chunk),
    end: () => {
      splitter.end();
      format.end();
    },
    get state(): PcapngState {
      return { ...format.state, splitter: splitter.state };
    },
  };
}

/** What the blocks before say about those that follow. */
interface PcapngFacts {
  readonly inSection: boolean;
  readonly little: boolean;
  readonly interfaces: readonly InterfaceState[];
  readonly supportedSeen: boolean;
  readonly foreign: InterfaceState | undefined;
  readonly frame: number;
}

/** The state of a reader of pcapng. */
export interface PcapngState extends PcapngFacts {
  readonly splitter: SplitterState;
}

class PcapngFormat implements ItemFormat {
  readonly #sink: PacketSink;
  readonly #usual: UsualSink | undefined;
  readonly #warn: WarningSink;
  readonly #packet = emptyPacket();
  #inSection = false;
  #little = true;
  #interfaces: CaptureInterface[] = [];
  #supportedSeen = false;
  /** The first interface that had packets of a link type we do not read. */
  #foreign: CaptureInterface | undefined;

  constructor(sink: PacketSink, warn: WarningSink, state: PcapngFacts | undefined, usual?: UsualSink) {
    this.#sink = sink;
    this.#usual = usual;
    this.#warn = warn;
    if (state === undefined) return;
    this.#inSection = state.inSection;
    this.#little = state.little;
    this.#interfaces = state.interfaces.map(CaptureInterface.from);
    this.#supportedSeen = state.supportedSeen;
    this.#foreign = state.foreign && CaptureInterface.from(state.foreign);
    this.#packet.frame = state.frame;
  }

  get state(): PcapngFacts {
    return {
      inSection: this.#inSection,
      little: this.#little,
      interfaces: this.#interfaces.map(({ state }) => state),
      supportedSeen: this.#supportedSeen,
      foreign: this.#foreign?.state,
      frame: this.#packet.frame,
    };
  }

  sizeOf(view: DataView, at: number, available: number, offset: number): number {
    // Four bytes are enough to say that this is no pcapng, however short the input is.
    if (available < 4) return 4;
    const type = view.getUint32(at, this.#little);
    if (!this.#inSection && type !== BLOCK_SECTION) {
      throw new WireError({
        code: 'magic',
        path: 'section_header.block_type',
        offset,
        expected: '0x0a0d0d0a',
        actual: hex32(view.getUint32(at)),
      });
    }
    if (available < SIZE_KNOWN_FROM) return SIZE_KNOWN_FROM;
    if (type === BLOCK_SECTION) this.#little = isLittle(view, at + BLOCK_HEAD_SIZE, offset + BLOCK_HEAD_SIZE);
    const size = view.getUint32(at + 4, this.#little);
    const kind = blockKind(type);
    if (size % 4 !== 0 || size < kind.sizeMin || size > BLOCK_SIZE_MAX) {
      const expected = `a multiple of 4 in ${kind.sizeMin}..${BLOCK_SIZE_MAX}`;
      throw lengthError(`${kind.name}.total_length`, offset + 4, expected, size);
    }
    return size;
  }

  nameOf(view: DataView, at: number, available: number): string {
    return available < 4 ? 'block' : blockKind(view.getUint32(at, this.#little)).name;
  }

  take(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    const little = this.#little;
    const type = view.getUint32(start, little);
    const trailing = view.getUint32(end - BLOCK_TAIL_SIZE, little);
    if (trailing !== end - start) {
      const path = `${blockKind(type).name}.trailing_length`;
      throw lengthError(path, offset + end - start - BLOCK_TAIL_SIZE, end - start, trailing);
    }
    if (type === BLOCK_ENHANCED_PACKET || type === BLOCK_PACKET)
      this.#packetBlock(type, data, view, start, end, offset);
    else if (type === BLOCK_SIMPLE_PACKET) this.#simplePacket(data, view, start, end, offset);
    else if (type === BLOCK_INTERFACE) this.#interface(data, view, start, end, offset);
    else if (type === BLOCK_SECTION) this.#section(view, start, offset);
  }

  /** Packets of which everything was captured, without options. */
  takeUsual(data: Uint8Array, view: DataView, from: number, end: number): number {
    const little = this.#little;
    const usual = this.#usual;
    const packet = this.#packet;
    packet.data = data;
    packet.view = view;
    packet.comment = undefined;
    let at = from;
    while (end - at >= ENHANCED_PACKET_MIN) {
      const size = view.getUint32(at + 4, little);
      const captured = view.getUint32(at + 20, little);
      const isUsual =
        view.getUint32(at, little) === BLOCK_ENHANCED_PACKET &&
        size <= end - at &&
        size <= BLOCK_SIZE_MAX &&
        captured <= size &&
        size === ENHANCED_PACKET_MIN + ((captured + 3) & ~3) &&
        view.getUint32(at + size - BLOCK_TAIL_SIZE, little) === size &&
        view.getUint32(at + 24, little) === captured;
      if (!isUsual) return at;
      const source = this.#interfaces[view.getUint32(at + 8, little)];
      if (source === undefined) return at;
      const dataStart = at + ENHANCED_PACKET_DATA;
      const packetEnd = dataStart + captured;
      const start = usualMessageStart(source.linkType, view, dataStart, packetEnd);
      if (start < 0) return at;
      this.#supportedSeen = true;
      packet.frame += 1;
      const { clockTime } = packet;
      source.setTime(clockTime, view.getUint32(at + 12, little), view.getUint32(at + 16, little));
      const sender = senderBefore(view, start);
      const receiver = receiverBefore(view, start);
      const isTaken =
        usual !== undefined &&
        source.clock === undefined &&
        usual(view, start, packetEnd, sender, receiver, packet.frame, clockTime);
      if (!isTaken) {
        packet.start = start;
        packet.end = packetEnd;
        packet.from = sender;
        packet.to = receiver;
        packet.clock = source.clock;
        this.#sink(packet);
      }
      at += size;
    }
    return at;
  }

  /** After the last block: see pcapngReader. */
  end(): void {
    if (!this.#inSection) {
      const path = 'section_header';
      throw new WireError({
        code: 'truncated',
        path,
        offset: 0,
        expected: blockKind(BLOCK_SECTION).sizeMin,
        actual: 0,
      });
    }
    if (this.#foreign !== undefined && !this.#supportedSeen) {
      throw new WireError({
        code: 'link_type',
        path: 'interface_description.link_type',
        offset: this.#foreign.offset,
        expected: `${LINK_UPPER_PDU} or ${LINK_USER0}`,
        actual: this.#foreign.linkType,
      });
    }
  }

  #section(view: DataView, start: number, offset: number): void {
    const major = view.getUint16(start + 12, this.#little);
    if (major !== 1) {
      const path = 'section_header.major_version';
      throw new WireError({ code: 'version', path, offset: offset + 12, expected: 1, actual: major });
    }
    this.#inSection = true;
    this.#interfaces = [];
  }

  #interface(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    const little = this.#little;
    const linkType = view.getUint16(start + 8, little);
    const added = new CaptureInterface(linkType, view.getUint32(start + 12, little), offset);
    const options = new OptionCursor(view, little, start + 16, end - BLOCK_TAIL_SIZE);
    const sizesFit = added.applyOptions(data, view, little, options);
    this.#interfaces.push(added);
    if (options.broken || !sizesFit) {
      const what = options.broken ? 'overruns the block' : 'has a time option of a wrong size';
      this.#warning('option', offset, `the option list of interface ${this.#interfaces.length - 1} ${what}`);
    }
  }

  #packetBlock(
    type: number,
    data: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    offset: number,
  ): void {
    const little = this.#little;
    const index =
      type === BLOCK_PACKET ? view.getUint16(start + 8, little) : view.getUint32(start + 8, little);
    const captured = view.getUint32(start + 20, little);
    const original = view.getUint32(start + 24, little);
    const dataStart = start + ENHANCED_PACKET_DATA;
    const bodyEnd = end - BLOCK_TAIL_SIZE;
    if (captured > bodyEnd - dataStart) {
      const path = `${blockKind(type).name}.captured_length`;
      throw lengthError(path, offset + 20, `at most ${bodyEnd - dataStart}`, captured);
    }
    const source = this.#nextPacket(index, offset);
    if (source === undefined) return;
    const packet = this.#packet;
    source.setTime(packet.clockTime, view.getUint32(start + 12, little), view.getUint32(start + 16, little));
    packet.clock = source.clock;
    packet.comment = undefined;
    const optionsAt = dataStart + ((captured + 3) & ~3);
    if (optionsAt < bodyEnd) this.#packetOptions(data, view, optionsAt, bodyEnd, offset);
    this.#deliver(source, data, view, dataStart, captured, original, offset);
  }

  #packetOptions(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    const little = this.#little;
    const options = new OptionCursor(view, little, start, end);
    let dropped = 0n;
    this.#packet.comment = readComments(data, options, (code, at, size) => {
      if (code === OPTION_DROP_COUNT && size === 8) dropped = view.getBigUint64(at, little);
    });
    if (dropped > 0n) this.#warning('dropped', offset, `${dropped} packets before this one were dropped`);
    if (options.broken) this.#warning('option', offset, 'the option list overruns the block');
  }

  #simplePacket(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    const original = view.getUint32(start + 8, this.#little);
    const source = this.#nextPacket(0, offset);
    if (source === undefined) return;
    // The block has no captured length of its own: the interface's limit tells it.
    const captured = source.snaplen === 0 ? original : Math.min(original, source.snaplen);
    const dataStart = start + SIMPLE_PACKET_DATA;
    const room = end - BLOCK_TAIL_SIZE - dataStart;
    if (captured > room)
      throw lengthError('simple_packet.original_length', offset + 8, `at most ${room}`, captured);
    this.#packet.time = undefined;
    this.#packet.clock = undefined;
    this.#packet.comment = undefined;
    this.#deliver(source, data, view, dataStart, captured, original, offset);
  }

  /** Counts a packet; its interface if there is one whose packets are read. */
  #nextPacket(index: number, offset: number): CaptureInterface | undefined {
    this.#packet.frame += 1;
    const source = this.#interfaces[index];
    if (source === undefined) {
      const count = this.#interfaces.length;
      this.#warning('packet', offset, `the packet is of interface ${index}, and the section has ${count}`);
      return undefined;
    }
    if (isSupportedLink(source.linkType)) {
      this.#supportedSeen = true;
      return source;
    }
    this.#foreign ??= source;
    if (!source.warned) {
      source.warned = true;
      this.#warning(
        'link_type',
        offset,
        `packets of interface ${index} have the link type ${source.linkType}: skipped`,
      );
    }
    return undefined;
  }

  #deliver(
    source: CaptureInterface,
    data: Uint8Array,
    view: DataView,
    start: number,
    captured: number,
    original: number,
    offset: number,
  ): void {
    const packet = this.#packet;
    packet.data = data;
    packet.view = view;
    packet.start = start;
    packet.end = start + captured;
    const problem = stripLink(source.linkType, packet);
    if (problem !== undefined) {
      this.#warning(problem.code, offset, problem.message);
      return;
    }
    if (captured < original)
      this.#warning('snaplen', offset, `${captured} of ${original} bytes were captured`);
    this.#sink(packet);
  }

  #warning(code: string, offset: number, message: string): void {
    this.#warn({ code, frame: this.#packet.frame, offset, message });
  }
}

function isLittle(view: DataView, at: number, offset: number): boolean {
  const magic = view.getUint32(at);
  if (magic === BYTE_ORDER_MAGIC_SWAPPED) return true;
  if (magic === BYTE_ORDER_MAGIC) return false;
  const path = 'section_header.byte_order_magic';
  throw new WireError({
    code: 'magic',
    path,
    offset,
    expected: '0x1a2b3c4d or 0x4d3c2b1a',
    actual: hex32(magic),
  });
}

function lengthError(path: string, offset: number, expected: number | string, actual: number): WireError {
  return new WireError({ code: 'block_length', path, offset, expected, actual });
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
