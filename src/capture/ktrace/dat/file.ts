import { decompress } from 'fzstd';
import { WireError } from '../../../base/error.js';
import { DatBytes, latin1 } from './bytes.js';
import { type EventFormat, parseEventFormat } from './format.js';

/** What a trace.dat holds: formats of events, and the pages of each processor's ring buffer. */
export interface DatFile {
  readonly little: boolean;
  readonly longSize: number;
  readonly pageSize: number;
  readonly clock: string;
  readonly formats: ReadonlyMap<number, EventFormat>;
  readonly buffers: readonly Uint8Array[];
}

/** First bytes of a trace.dat (trace-cmd.dat(5)). */
export const DAT_MAGIC = Uint8Array.of(0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67);

/** Unpacked bytes of one piece; trace-cmd packs a few pages at a time. */
const UNPACKED_MAX = 64 * 1024 * 1024;
/** Numbers of sections and options of version 7, and of options of version 6. */
const OPTION_DONE = 0;
const OPTION_BUFFER = 3;
const OPTION_TRACECLOCK = 4;
const OPTION_EVENT_FORMATS = 18;
const PACKED = 1;

interface Place {
  readonly offset: number;
  readonly size: number;
}

/** @throws WireError when the file is cut, of another version than 6 and 7, or packed otherwise than with zstd. */
export function readDat(data: Uint8Array): DatFile {
  const bytes = new DatBytes(data, true, DAT_MAGIC.length);
  const version = bytes.text();
  const little = bytes.bytes(1)[0] === 0;
  const [longSize = 8] = bytes.bytes(1);
  const inFile = new DatBytes(data, little, bytes.at);
  const pageSize = inFile.u32();
  if (longSize !== 4 && longSize !== 8) refuse('long size', '4 or 8', longSize, bytes.at - 1);
  if (pageSize < 256 || pageSize > 1 << 20) refuse('page size', '256..1048576', pageSize, bytes.at);
  const head = { little, longSize, pageSize };
  if (version === '7') return { ...head, ...version7(inFile) };
  if (version === '6') return { ...head, ...version6(inFile) };
  return refuse('version', '6 or 7', version, DAT_MAGIC.length);
}

type Contents = Pick<DatFile, 'clock' | 'formats' | 'buffers'>;

function version7(bytes: DatBytes): Contents {
  const packing = bytes.text();
  bytes.text();
  const formats = new Map<number, EventFormat>();
  const buffers: Uint8Array[] = [];
  let clock = 'local';
  const seen = new Set<number>();
  for (let next = bytes.size(); next !== 0 && !seen.has(next); ) {
    seen.add(next);
    const options = section(bytes, next, packing);
    next = 0;
    while (options.left >= 6) {
      const id = options.u16();
      const size = options.u32();
      const option = new DatBytes(options.bytes(size), bytes.little);
      if (id === OPTION_DONE) {
        next = option.left >= 8 ? option.size() : 0;
        break;
      }
      if (id === OPTION_EVENT_FORMATS) readFormats(section(bytes, option.size(), packing), formats);
      else if (id === OPTION_BUFFER) {
        const buffer = readBuffer(bytes, option, packing);
        clock = buffer.clock;
        for (const pages of buffer.pages) buffers.push(pages);
      }
    }
  }
  return { clock, formats, buffers };
}

/** A section: number, flags, name, size, bytes. */
function section(bytes: DatBytes, offset: number, packing: string): DatBytes {
  const head = new DatBytes(bytes.data, bytes.little, offset);
  head.u16();
  const isPacked = (head.u16() & PACKED) !== 0;
  head.u32();
  const size = head.size();
  const data = head.bytes(size);
  if (!isPacked) return new DatBytes(data, bytes.little, 0, head.at - size);
  const packed = new DatBytes(data, bytes.little, 0, head.at - size);
  return new DatBytes(unpack(packed, packing), bytes.little);
}

/** Packed size, size, bytes. */
function unpack(bytes: DatBytes, packing: string): Uint8Array {
  const packedSize = bytes.u32();
  const size = bytes.u32();
  const packed = bytes.bytes(packedSize);
  const place = bytes.offset + bytes.at;
  if (packing !== 'zstd') refuse('packing', 'zstd or none', packing, place);
  if (size > UNPACKED_MAX) refuse('unpacked size', `at most ${UNPACKED_MAX} bytes`, size, place);
  try {
    return decompress(packed, new Uint8Array(size));
  } catch (error) {
    return refuse('packed bytes', 'zstd', error instanceof Error ? error.message : 'an error', place);
  }
}

/** Number of systems; of each its name, the number of its events, and of each event the size and text of its format. */
function readFormats(bytes: DatBytes, formats: Map<number, EventFormat>): void {
  for (let systems = bytes.u32(); systems > 0; systems--) {
    bytes.text();
    for (let events = bytes.u32(); events > 0; events--) addFormat(bytes.bytes(bytes.size()), formats);
  }
}

function addFormat(text: Uint8Array, formats: Map<number, EventFormat>): void {
  const format = parseEventFormat(latin1(text));
  if (format !== undefined) formats.set(format.id, format);
}

/** Section, name, clock, page size, and of each processor its number and the place of its pages. */
function readBuffer(
  bytes: DatBytes,
  option: DatBytes,
  packing: string,
): { readonly clock: string; readonly pages: Uint8Array[] } {
  const offset = option.size();
  option.text();
  const clock = option.text();
  option.u32();
  const places: Place[] = [];
  for (let cpus = option.u32(); cpus > 0; cpus--) {
    option.u32();
    places.push({ offset: option.size(), size: option.size() });
  }
  const isPacked = (new DatBytes(bytes.data, bytes.little, offset + 2).u16() & PACKED) !== 0;
  return { clock, pages: places.map((place) => pagesAt(bytes, place, isPacked ? packing : undefined)) };
}

function pagesAt(bytes: DatBytes, { offset, size }: Place, packing: string | undefined): Uint8Array {
  if (size === 0) return new Uint8Array(0);
  const data = new DatBytes(bytes.data, bytes.little, offset).bytes(size);
  if (packing === undefined) return data;
  const packed = new DatBytes(data, bytes.little, 0, offset);
  const pieces: Uint8Array[] = [];
  let sum = 0;
  for (let count = packed.u32(); count > 0; count--) {
    const piece = unpack(packed, packing);
    sum += piece.length;
    if (sum > UNPACKED_MAX * 16) refuse('unpacked size', `at most ${UNPACKED_MAX * 16} bytes`, sum, offset);
    pieces.push(piece);
  }
  const pages = new Uint8Array(sum);
  let at = 0;
  for (const piece of pieces) {
    pages.set(piece, at);
    at += piece.length;
  }
  return pages;
}

/** The older version: everything in one order, nothing packed. */
function version6(bytes: DatBytes): Contents {
  const formats = new Map<number, EventFormat>();
  for (let header = 0; header < 2; header++) {
    bytes.text();
    bytes.bytes(bytes.size());
  }
  for (let events = bytes.u32(); events > 0; events--) addFormat(bytes.bytes(bytes.size()), formats);
  readFormats(bytes, formats);
  bytes.bytes(bytes.u32());
  bytes.bytes(bytes.u32());
  bytes.bytes(bytes.size());
  const cpus = bytes.u32();
  let clock = 'local';
  let part = latin1(bytes.bytes(PART_NAME));
  if (part.startsWith('options')) {
    for (let id = bytes.u16(); id !== OPTION_DONE; id = bytes.u16()) {
      const option = latin1(bytes.bytes(bytes.u32()));
      if (id === OPTION_TRACECLOCK) clock = /\[(\S+)\]/.exec(option)?.[1] ?? clock;
    }
    part = latin1(bytes.bytes(PART_NAME));
  }
  if (!part.startsWith('flyrecord')) refuse('part', 'flyrecord', part, bytes.at - PART_NAME);
  const places: Place[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) places.push({ offset: bytes.size(), size: bytes.size() });
  return { clock, formats, buffers: places.map((place) => pagesAt(bytes, place, undefined)) };
}

/** Bytes of the name of a part of version 6. */
const PART_NAME = 10;

function refuse(path: string, expected: string, actual: string | number, offset: number): never {
  throw new WireError({ code: 'trace_dat', path: `trace.dat ${path}`, offset, expected, actual });
}
