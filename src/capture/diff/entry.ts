import { concatenated } from '../../base/bytes.js';
import { digest } from '../../base/digest.js';
import { type Choice, UsageError } from '../../base/error.js';
import { hexPieces } from '../../base/hex.js';
import { encodeText } from '../../base/text.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { filterNames } from '../filter/index.js';
import { type JsonObject, keysOfContents } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import type { CaptureRecord } from '../records/index.js';

/** What names a message in the output, also where `--ignore` leaves it out of the comparison. */
export interface DiffHead {
  /** The record's number in its capture. */
  readonly no: number;
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly seq: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly error: Json | undefined;
}

/** A record as it is compared. A comparison holds many records, and text takes the least memory. */
export interface DiffEntry {
  readonly head: DiffHead;
  /** JSON of the NDJSON keys that are compared. Messages are equal when this text is. */
  readonly content: string;
  /** Records with the same text may be the same message with other contents. `key` has the sequence number too. */
  readonly kind: string;
  readonly key: string;
}

/** A field path of NDJSON records as names and indexes: `payload.entries[1].cap_id`. */
export type FieldPath = readonly (string | number)[];

/** Bytes of a message up to which all are compared as they are. */
const WHOLE_SIZE_MAX = 1 << 20;

/** The record without the fields of `ignore`, ready to compare. */
export function diffEntry(
  protocol: Protocol,
  record: CaptureRecord,
  ignore: readonly FieldPath[],
): DiffEntry {
  const head: DiffHead = {
    no: record.no,
    from: record.from,
    to: record.to,
    type: record.type,
    seq: record.seq,
    id: record.id === undefined ? undefined : formatId(record.id),
    name: record.message?.name,
    error: keysOfContents.value(record, protocol, 'error'),
  };
  const compared = record.size > WHOLE_SIZE_MAX ? shortened(record) : record;
  if (ignore.length === 0) return entryOf(head, head, keysOfContents.toText(compared, protocol));
  const fields = keysOfContents.toJson(compared, protocol);
  for (const path of ignore) remove(fields, path, 0);
  return entryOf(head, fields, JSON.stringify(fields));
}

function entryOf(
  head: DiffHead,
  { from, to, type, seq, id }: { readonly [K in 'from' | 'to' | 'type' | 'seq' | 'id']?: unknown },
  content: string,
): DiffEntry {
  const kind = `${from} ${to} ${type} ${id}`;
  return { head, content, kind, key: `${kind} ${seq}` };
}

/** Of a message far larger than any queue carries, a digest stands for what is behind the first mebibyte. */
function shortened(record: CaptureRecord): CaptureRecord {
  const { raw, rest } = record;
  return { ...record, raw: raw && withDigest(raw), rest: rest && withDigest(rest) };
}

function withDigest(bytes: Uint8Array): Uint8Array {
  let sum = '';
  for (const piece of hexPieces(bytes, WHOLE_SIZE_MAX)) sum = digest(sum + piece);
  return concatenated([bytes.subarray(0, WHOLE_SIZE_MAX), encodeText(sum)]);
}

/** The keys that are compared, as an object. */
export function contentOf({ content }: DiffEntry): JsonObject {
  return JSON.parse(content) as JsonObject;
}

/**
 * The value of `--ignore`: a dotted path of NDJSON keys. A list's name stands for all its entries, `name[1]` for one of
 * them; the name of a struct for everything in it. Throws UsageError for a path that no message has.
 */
export function parseFieldPath(protocol: Protocol, text: string): FieldPath {
  const path: (string | number)[] = [];
  for (const part of text.split('.')) {
    const match = /^(\w+)((?:\[\d+\])*)$/.exec(part);
    if (match === null) refuse('names with dots between them, such as payload.entries[1].cap_id', text);
    path.push(
      match[1] as string,
      ...(match[2] as string)
        .split(/[[\]]+/)
        .filter(Boolean)
        .map(Number),
    );
  }
  const names = filterNames(protocol, false);
  const parts = names.parts.get(String(path[0]))?.parts;
  if (parts === undefined) return refuse([...names.parts.keys()].join(', '), text);
  if (path[0] === 'payload' && path.length > 1 && !parts.has(String(path[1]))) {
    const known = [...parts.keys()].map((name) => `payload.${name}`);
    refuse('a field that some message has', text, { what: 'field', names: known });
  }
  return path;
}

function refuse(expected: string, actual: string, choice?: Choice): never {
  throw new UsageError({ code: 'path', path: '--ignore', expected, actual, ...(choice && { choice }) });
}

/** Removes what the path names from index `at` on. An entry of a list becomes null, so that the others keep their places. */
function remove(value: Json | undefined, path: FieldPath, at: number): void {
  const step = path[at] as string | number;
  const last = at === path.length - 1;
  if (Array.isArray(value)) {
    if (typeof step === 'string') for (const item of value) remove(item, path, at);
    else if (!last) remove(value[step], path, at + 1);
    else if (step < value.length) value[step] = null;
  } else if (typeof value === 'object' && value !== null && typeof step === 'string') {
    if (last) delete value[step];
    else remove(value[step], path, at + 1);
  }
}
