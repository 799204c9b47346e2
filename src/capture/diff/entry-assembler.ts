import { concatenated } from '../../base/bytes.js';
import { digest } from '../../base/digest.js';
import { hexPieces } from '../../base/hex.js';
import { encodeText } from '../../base/text.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import {
  Assembler,
  type CaptureRecord,
  holdLimits,
  KeptRecord,
  keptRecord,
  LazyRecord,
  PART_SIZE,
} from '../records/index.js';
import { bytesOf, contentsHash } from './contents.js';
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
    reuses: true,
    keepBytes: true,
    limits,
    record: (record) => sink(diffEntry(comparison, record, pack)),
  });
}

/** A record of an assembler with the option `keepBytes`, ready to compare. */
export function diffEntry(comparison: Comparison, record: CaptureRecord, pack = new Packer()): DiffEntry {
  const { no, from, to, type, seq, id } = record;
  const isPlain = isPlainMessage(record);
  const special = isPlain ? undefined : keptShort(record);
  const bytes = bytesOf(special ?? record);
  if (isPlain) pack.add(bytes);
  return {
    comparison,
    no,
    from,
    to,
    type,
    seq,
    id,
    hash: contentsHash(record, bytes),
    size: sizeOf(record, isPlain) + (comparison.ignore.length > 0 ? TEXT_RATIO * record.size : 0),
    block: pack.block,
    start: isPlain ? pack.used - bytes.length : 0,
    end: isPlain ? pack.used : 0,
    special,
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

/** Whether a message's bytes and header tell all about it, apart from where and when it was captured. */
function isPlainMessage(record: CaptureRecord): boolean {
  if (!(record instanceof LazyRecord || record instanceof KeptRecord)) return false;
  const { packets, announced, asked, packetIssues } = record;
  const isSingle = packets.length === 1 && packets[0]?.comment === undefined;
  return isSingle && announced === 0 && asked === undefined && packetIssues.length === 0;
}

/** Of a message far larger than any queue carries, a digest stands for what is behind the first mebibyte. */
function keptShort(record: CaptureRecord): CaptureRecord {
  if (record.size <= WHOLE_SIZE_MAX) return keptRecord(record);
  if (record instanceof LazyRecord) return record.keptShort(withDigest);
  return { ...record, raw: record.raw && withDigest(record.raw), bytes: undefined };
}

function withDigest(bytes: Uint8Array): Uint8Array {
  let sum = '';
  for (const piece of hexPieces(bytes, WHOLE_SIZE_MAX)) sum = digest(sum + piece);
  return concatenated([bytes.subarray(0, WHOLE_SIZE_MAX), encodeText(sum)]);
}
