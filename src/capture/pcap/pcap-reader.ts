import { WireError } from '../../base/error.js';
import {
  type CaptureReader,
  emptyPacket,
  type ItemFormat,
  type PacketSink,
  Splitter,
  type SplitterState,
  type WarningSink,
} from '../packets/index.js';
import { isSupportedLink, LINK_UPPER_PDU, LINK_USER0, stripLink } from './link.js';
import { BLOCK_SIZE_MAX } from './pcapng-blocks.js';

/** The first four bytes of a classic pcap file, read big-endian. */
export const PCAP_MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly nsPerTick: number }> =
  new Map([
    [0xa1b2c3d4, { little: false, nsPerTick: 1000 }],
    [0xd4c3b2a1, { little: true, nsPerTick: 1000 }],
    [0xa1b23c4d, { little: false, nsPerTick: 1 }],
    [0x4d3cb2a1, { little: true, nsPerTick: 1 }],
  ]);

const FILE_HEADER_SIZE = 24;
const RECORD_HEADER_SIZE = 16;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * Reads classic pcap of link type 147 or 252, either byte order, microseconds or nanoseconds.
 *
 * Throws WireError, with the offset in the file: `magic`, `version` (major version not 2), `link_type`,
 * `block_length` (a captured length above BLOCK_SIZE_MAX) and `truncated` (at end(): offset of the record that is
 * cut).
 */
export function pcapReader(sink: PacketSink, warn: WarningSink, state?: PcapState): CaptureReader {
  const format = new PcapFormat(sink, warn, state);
  const splitter = new Splitter(format, state?.splitter);
  return {
    push: (chunk) => splitter.push(chunk),
    end: () => {
      splitter.end();
      format.end();
    },
    get state(): PcapState {
      return { ...format.state, splitter: splitter.state };
    },
  };
}

/** What the file header says, and how many packets came. */
interface PcapFacts {
  readonly headerSeen: boolean;
  readonly little: boolean;
  readonly nsPerTick: number;
  readonly linkType: number;
  readonly frame: number;
}

/** The state of a reader of pcap. */
export interface PcapState extends PcapFacts {
  readonly splitter: SplitterState;
}

class PcapFormat implements ItemFormat {
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #packet = emptyPacket();
  #headerSeen = false;
  #little = true;
  #nsPerTick = 1;
  #linkType = 0;
  // Successive packets are mostly within one second, so its bigint is kept.
  #second = -1;
  #secondNs = 0n;

  constructor(sink: PacketSink, warn: WarningSink, state?: PcapFacts) {
    this.#sink = sink;
    this.#warn = warn;
    if (state === undefined) return;
    this.#headerSeen = state.headerSeen;
    this.#little = state.little;
    this.#nsPerTick = state.nsPerTick;
    this.#linkType = state.linkType;
    this.#packet.frame = state.frame;
  }

  get state(): PcapFacts {
    return {
      headerSeen: this.#headerSeen,
      little: this.#little,
      nsPerTick: this.#nsPerTick,
      linkType: this.#linkType,
      frame: this.#packet.frame,
    };
  }

  sizeOf(view: DataView, at: number, available: number, offset: number): number {
    if (!this.#headerSeen) {
      if (available < 4) return 4;
      this.#readMagic(view, at);
      return FILE_HEADER_SIZE;
    }
    if (available < RECORD_HEADER_SIZE) return RECORD_HEADER_SIZE;
    const captured = view.getUint32(at + 8, this.#little);
    if (captured > BLOCK_SIZE_MAX) {
      const expected = `at most ${BLOCK_SIZE_MAX}`;
      const path = 'record.captured_length';
      throw new WireError({ code: 'block_length', path, offset: offset + 8, expected, actual: captured });
    }
    return RECORD_HEADER_SIZE + captured;
  }

  nameOf(): string {
    return this.#headerSeen ? 'record' : 'file_header';
  }

  take(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    if (this.#headerSeen) this.#record(data, view, start, end, offset);
    else this.#fileHeader(view, start);
  }

  end(): void {
    if (this.#headerSeen) return;
    const expected = FILE_HEADER_SIZE;
    throw new WireError({ code: 'truncated', path: 'file_header', offset: 0, expected, actual: 0 });
  }

  #readMagic(view: DataView, at: number): void {
    const magic = view.getUint32(at);
    const meaning = PCAP_MAGICS.get(magic);
    if (meaning === undefined) {
      const expected = '0xa1b2c3d4 or 0xa1b23c4d in either byte order';
      const actual = `0x${magic.toString(16).padStart(8, '0')}`;
      throw new WireError({ code: 'magic', path: 'file_header.magic', offset: 0, expected, actual });
    }
    this.#little = meaning.little;
    this.#nsPerTick = meaning.nsPerTick;
  }

  #fileHeader(view: DataView, start: number): void {
    const major = view.getUint16(start + 4, this.#little);
    if (major !== 2) {
      const path = 'file_header.major_version';
      throw new WireError({ code: 'version', path, offset: 4, expected: 2, actual: major });
    }
    // The upper half of the word is about frame check sequences, which these link types do not have.
    this.#linkType = view.getUint32(start + 20, this.#little) & 0xffff;
    if (!isSupportedLink(this.#linkType)) {
      const expected = `${LINK_UPPER_PDU} or ${LINK_USER0}`;
      const path = 'file_header.link_type';
      throw new WireError({ code: 'link_type', path, offset: 20, expected, actual: this.#linkType });
    }
    this.#headerSeen = true;
  }

  #record(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void {
    const little = this.#little;
    const packet = this.#packet;
    packet.frame += 1;
    const second = view.getUint32(start, little);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondNs = BigInt(second) * NS_PER_SECOND;
    }
    packet.time = this.#secondNs + BigInt(view.getUint32(start + 4, little) * this.#nsPerTick);
    packet.data = data;
    packet.view = view;
    packet.start = start + RECORD_HEADER_SIZE;
    packet.end = end;
    const captured = end - packet.start;
    const problem = stripLink(this.#linkType, packet);
    if (problem !== undefined) {
      this.#warn({ code: problem.code, frame: packet.frame, offset, message: problem.message });
      return;
    }
    const original = view.getUint32(start + 12, little);
    if (captured < original) {
      const message = `${captured} of ${original} bytes were captured`;
      this.#warn({ code: 'snaplen', frame: packet.frame, offset, message });
    }
    this.#sink(packet);
  }
}
