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
import { bytesHash, bytesOf } from './contents.js';
import type { Comparison, DiffEntry } from './entry.js';
import { kindHash } from './numbering.js';

/** Bytes of a message up to which all are compared as they are. */
const WHOLE_SIZE_MAX = 1 << 20;
/** Bytes that a message takes besides its payload, about: its numbers, and its share of the tables that compare windows. */
const ENTRY_SIZE = 128;
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
  return new Assembler({
    protocol: comparison.protocol,
    rules,
    reuses: true,
    keepBytes: true,
    limits,
    record: (record) => sink(diffEntry(comparison, record)),
  });
}

/** Takes a record of an assembler with the option `keepBytes`, to be compared. */
export function diffEntry({ held, ignore }: Comparison, record: CaptureRecord): DiffEntry {
  const { size } = record;
  const isPlain = size <= held.sizeMax && isPlainMessage(record);
  const memory = ENTRY_SIZE + (isPlain ? size : sizeOf(record));
  const entry = held.add(record, memory + (ignore.length > 0 ? TEXT_RATIO * size : 0));
  if (isPlain) {
    copyPayload(record, held.payload(entry, size), held.payloadStart(entry));
    held.setHash(entry, held.payloadHash(entry, kindHash(held, entry, size)));
  } else {
    const special = keptShort(record);
    const bytes = bytesOf(special);
    held.setSpecial(entry, special);
    held.setHash(entry, bytesHash(bytes, kindHash(held, entry, bytes.length)));
  }
  return entry;
}

function sizeOf({ size, packets }: CaptureRecord): number {
  return Math.min(size, WHOLE_SIZE_MAX) + PART_SIZE * packets.length;
}

function copyPayload(record: CaptureRecord, target: DataView, at: number): void {
  if (record instanceof LazyRecord) record.copyPayload(target, at);
  else for (const [index, byte] of bytesOf(record).entries()) target.setUint8(at + index, byte);
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
