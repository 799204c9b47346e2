import { concatenated } from '../../base/bytes.js';
import { digest } from '../../base/digest.js';
import { hexPieces } from '../../base/hex.js';
import { encodeText } from '../../base/text.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import type { Protocol } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type JsonObject, keysOfContents } from '../keys/index.js';
import { Assembler, type CaptureRecord, decodedRecord, PART_SIZE } from '../records/index.js';
import { type Contents, contentsHash, type PairingKeys, textHash } from './contents.js';
import { type FieldPath, removeField } from './ignore.js';

/** What the messages of a comparison share. */
export interface Comparison {
  readonly protocol: Protocol;
  /** What is not compared. */
  readonly ignore: readonly FieldPath[];
}

/** A record as it is compared. A comparison holds many of them, so what is printed of a few is not made for all. */
export interface DiffEntry extends Contents {
  readonly comparison: Comparison;
  readonly keys: PairingKeys;
  /** Bytes of memory, about. */
  readonly size: number;
}

/** Bytes of a message up to which all are compared as they are. */
const WHOLE_SIZE_MAX = 1 << 20;

/** An assembler of messages that are ready to be compared. */
export function entryAssembler(
  comparison: Comparison,
  rules: ReassemblyRules,
  sink: (entry: DiffEntry) => void,
): Assembler {
  return new Assembler({
    protocol: comparison.protocol,
    rules,
    undecoded: true,
    record: (record, request) => sink(diffEntry(comparison, record, request)),
  });
}

/** A record of an assembler with the option `undecoded`, ready to compare. */
export function diffEntry(
  comparison: Comparison,
  record: CaptureRecord,
  request: Values | undefined,
): DiffEntry {
  const held = record.size > WHOLE_SIZE_MAX ? shortened(record) : record;
  const size = Math.min(record.size, WHOLE_SIZE_MAX) + PART_SIZE * record.packets.length;
  if (comparison.ignore.length === 0) {
    const hash = contentsHash(held);
    return { comparison, record: held, request, keys: record, remaining: undefined, hash, size };
  }
  const fields = remainingFields(comparison, decodedRecord(held, request));
  const compared = <K extends keyof PairingKeys>(name: K) =>
    fields[name] === undefined ? undefined : record[name];
  const keys = {
    from: compared('from'),
    to: compared('to'),
    type: compared('type'),
    seq: compared('seq'),
    id: compared('id'),
  };
  delete fields.seq;
  const remaining = JSON.stringify(fields);
  const hash = textHash(remaining);
  return { comparison, record: held, request, keys, remaining, hash, size: size + 2 * remaining.length };
}

function remainingFields({ protocol, ignore }: Comparison, record: CaptureRecord): JsonObject {
  const fields = keysOfContents.toJson(record, protocol);
  for (const path of ignore) removeField(fields, path);
  return fields;
}

/** Of a message far larger than any queue carries, a digest stands for what is behind the first mebibyte. */
function shortened(record: CaptureRecord): CaptureRecord {
  const { raw, rest, bytes } = record;
  const short = (part: Uint8Array | undefined) => part && withDigest(part);
  return { ...record, raw: short(raw), rest: short(rest), bytes: bytes === raw ? undefined : short(bytes) };
}

function withDigest(bytes: Uint8Array): Uint8Array {
  let sum = '';
  for (const piece of hexPieces(bytes, WHOLE_SIZE_MAX)) sum = digest(sum + piece);
  return concatenated([bytes.subarray(0, WHOLE_SIZE_MAX), encodeText(sum)]);
}

/** The record with its fields, as it is printed. */
export function decodedOf({ record, request }: DiffEntry): CaptureRecord {
  return decodedRecord(record, request);
}

/** The keys that are compared, as an object. */
export function contentOf(entry: DiffEntry, record = decodedOf(entry)): JsonObject {
  return remainingFields(entry.comparison, record);
}
