import { concatenated } from '../../base/bytes.js';
import { digest } from '../../base/digest.js';
import { hexPieces } from '../../base/hex.js';
import { encodeText } from '../../base/text.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import type { Values } from '../../wire/index.js';
import { Assembler, type CaptureRecord, holdLimits, isPlainMessage, PART_SIZE } from '../records/index.js';
import { contentsHash } from './contents.js';
import type { Comparison, DiffEntry } from './entry.js';

/** Bytes of a message up to which all are compared as they are. */
const WHOLE_SIZE_MAX = 1 << 20;
const BLOCK_SIZE = 1 << 16;
/** What an entry takes besides its payload, about. */
const ENTRY_SIZE = 256;
/** Characters of JSON that a byte of a payload becomes, about. */
const TEXT_RATIO = 8;

/** Requests tell the layout of a few replies only, which come soon. */
const limits = { ...holdLimits, requests: 1 << 12 };

/** Makes an assembler whose messages are ready to be compared. */
export function entryAssembler(
  comparison: Comparison,
  rules: ReassemblyRules,
  sink: (entry: DiffEntry) => void,
): Assembler {
  const pack = new Packer();
  return new Assembler({
    protocol: comparison.protocol,
    rules,
    undecoded: true,
    limits,
    record: (record, request) => sink(diffEntry(comparison, record, request, pack)),
  });
}

/** A record of an assembler with the option `undecoded`, ready to compare. */
export function diffEntry(
  comparison: Comparison,
  record: CaptureRecord,
  request: Values | undefined,
  pack = new Packer(),
): DiffEntry {
  const { no, from, to, type, seq, id, bytes } = record;
  const isPlain = request === undefined && bytes !== undefined && isPlainMessage(record);
  const short = shortened(record);
  if (isPlain) pack.add(bytes);
  return {
    comparison,
    no,
    from,
    to,
    type,
    seq,
    id,
    hash: contentsHash(short),
    size: sizeOf(record, isPlain) + (comparison.ignore.length > 0 ? TEXT_RATIO * record.size : 0),
    block: pack.block,
    start: isPlain ? pack.used - bytes.length : 0,
    end: isPlain ? pack.used : 0,
    special: isPlain ? undefined : { record: short, request },
    remaining: undefined,
  };
}

function sizeOf({ size, packets }: CaptureRecord, isPlain: boolean): number {
  if (isPlain) return ENTRY_SIZE + size;
  return ENTRY_SIZE + Math.min(size, WHOLE_SIZE_MAX) + PART_SIZE * packets.length;
}

/** Copies bytes into blocks, since an array of its own takes more memory than the bytes of most messages. */
export class Packer {
  block = new Uint8Array(0);
  used = 0;

  /** Copies bytes to the end of the used part of `block`, which becomes another block when this one is full. */
  add(bytes: Uint8Array): void {
    if (this.used + bytes.length > this.block.length) {
      this.block = new Uint8Array(BLOCK_SIZE);
      this.used = 0;
    }
    this.block.set(bytes, this.used);
    this.used += bytes.length;
  }
}

/** Of a message far larger than any queue carries, a digest stands for what is behind the first mebibyte. */
function shortened(record: CaptureRecord): CaptureRecord {
  if (record.size <= WHOLE_SIZE_MAX) return record;
  const { raw, rest, bytes } = record;
  const short = (part: Uint8Array | undefined) => part && withDigest(part);
  return { ...record, raw: short(raw), rest: short(rest), bytes: bytes === raw ? undefined : short(bytes) };
}

function withDigest(bytes: Uint8Array): Uint8Array {
  let sum = '';
  for (const piece of hexPieces(bytes, WHOLE_SIZE_MAX)) sum = digest(sum + piece);
  return concatenated([bytes.subarray(0, WHOLE_SIZE_MAX), encodeText(sum)]);
}
