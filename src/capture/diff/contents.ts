import { sameBytes } from '../../base/bytes.js';
import type { Issue } from '../../base/error.js';
import type { Values } from '../../wire/index.js';
import { type CaptureRecord, KeptRecord, type RecordPacket } from '../records/index.js';
import type { HeldMessages } from './held-messages.js';

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const nothing = new Uint8Array(0);

/** A hash of some numbers. */
export function numbersHash(a: number, b: number, c: number, d: number, e: number): number {
  let hash = Math.imul(FNV_START ^ a, FNV_PRIME);
  hash = Math.imul(hash ^ b, FNV_PRIME);
  hash = Math.imul(hash ^ c, FNV_PRIME);
  hash = Math.imul(hash ^ d, FNV_PRIME);
  return scattered(Math.imul(hash ^ e, FNV_PRIME));
}

export function bytesHash(bytes: Uint8Array, start: number): number {
  let hash = start;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return scattered(hash);
}

export function textHash(text: string): number {
  let hash = FNV_START;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return scattered(hash);
}

/** The upper bits of a product depend on more bits of its factors than the lower ones. */
function scattered(hash: number): number {
  return hash ^ (hash >>> 15);
}

/** Whether all that is compared of two messages, besides their sequence numbers, is equal. */
export function sameContents(held: HeldMessages, a: number, b: number): boolean {
  const one = held.special(a);
  const other = held.special(b);
  if (one === undefined || other === undefined)
    return one === other && held.isSameKind(a, b) && held.isSamePayload(a, b);
  return sameRecord(one, other);
}

/**
 * All that the keys of a record's line follow from, except where and when it was captured. The line holds all bytes of the
 * message, so that it is equal exactly where these facts are.
 */
function sameRecord(a: CaptureRecord, b: CaptureRecord): boolean {
  return (
    a.from === b.from &&
    a.to === b.to &&
    a.type === b.type &&
    a.id === b.id &&
    a.size === b.size &&
    a.queue === b.queue &&
    a.incomplete === b.incomplete &&
    a.announced === b.announced &&
    a.error === b.error &&
    sameBytes(bytesOf(a), bytesOf(b)) &&
    samePackets(a, b) &&
    sameText(issuesOf(a), issuesOf(b)) &&
    sameText(askedOf(a), askedOf(b))
  );
}

/** The issues that do not follow from the bytes. */
function issuesOf(record: CaptureRecord): readonly Issue[] | undefined {
  const issues = record instanceof KeptRecord ? record.packetIssues : record.issues;
  return issues.length === 0 ? undefined : issues;
}

/** What the reply's layout depends on. */
function askedOf(record: CaptureRecord): Values | undefined {
  return record instanceof KeptRecord ? record.asked : undefined;
}

/** The payload's bytes, or all that is there of what is no message. */
export function bytesOf(record: CaptureRecord): Uint8Array {
  // Asked for one by one: `raw` and `rest` of most records are made when they are asked for.
  return record.bytes ?? record.raw ?? record.rest ?? nothing;
}

function samePackets({ packets: a, seq: aSeq }: CaptureRecord, { packets: b, seq: bSeq }: CaptureRecord) {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    const one = a[at] as RecordPacket;
    const other = b[at] as RecordPacket;
    if (one.size !== other.size || one.comment !== other.comment) return false;
    // The header of a single packet is in the record.
    if (a.length > 1 && !sameHeader(one, other, (aSeq ?? 0) - (bSeq ?? 0))) return false;
  }
  return true;
}

/** Continuations may have a sequence number of their own. */
function sameHeader({ header: a }: RecordPacket, { header: b }: RecordPacket, apart: number): boolean {
  return a?.msg_id === b?.msg_id && a?.fragments === b?.fragments && (a?.seq ?? 0) - (b?.seq ?? 0) === apart;
}

function sameText(a: unknown, b: unknown): boolean {
  return a === b || valueText(a) === valueText(b);
}

function valueText(value: unknown): string | undefined {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item));
}
