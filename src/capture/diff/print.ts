import { jsonText } from '../../base/json.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { keysOfContents } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import { vmidName } from '../payload/index.js';
import type { PrintStyle } from '../print/index.js';
import type { CaptureRecord } from '../records/index.js';
import type { DiffCounts, Difference } from './diff.js';
import { contentOf, type DiffEntry, recordOf } from './entry.js';
import type { FieldChange } from './fields.js';

/** Characters of a value up to which a change shows it whole. */
const wholeSizeMax = 40;
/** Characters that are shown of each value of a message that only one side has. */
const valueSizeMax = 400;

const margin = ' '.repeat(17);

/** The heading of the two columns with record numbers. */
export function diffHeading(style: PrintStyle): string {
  return `${style.dim(`${'no in A'.padStart(9)}${'no in B'.padStart(8)}`)}\n`;
}

/**
 * A difference as text: `~` changed, `-` only in A, `+` only in B; the record numbers on both sides; the message. Below
 * it stands each field that differs, or all fields of a message that only one side has.
 */
export function printDifference(protocol: Protocol, difference: Difference, style: PrintStyle): string {
  const { diff } = difference;
  if (diff === 'changed') {
    const { a, b, changes } = difference;
    const head = `${style.warn('~')}${number(a)}${number(b)}  ${headText(protocol, recordOf(a), style)}`;
    return `${[head, ...changes.map((change) => changeLine(change, style))].join('\n')}\n`;
  }
  const { entry, paint, sign, numbers } =
    diff === 'removed'
      ? { entry: difference.a, paint: style.bad, sign: '-', numbers: number(difference.a) + number() }
      : { entry: difference.b, paint: style.good, sign: '+', numbers: number() + number(difference.b) };
  const record = recordOf(entry);
  const fields = fieldTexts(entry, record)
    .filter(([key, text]) => !headKeys.has(key) && text !== '{}')
    .map(([key, text]) => `${margin}  ${style.accent(key)} ${cut(text, valueSizeMax)}`);
  const head = `${paint(sign)}${numbers}  ${headText(protocol, record, style)}`;
  return `${[head, ...fields].join('\n')}\n`;
}

/** The last line: the number of messages of each kind. */
export function printCounts({ equal, changed, removed, added }: DiffCounts, style: PrintStyle): string {
  if (changed + removed + added === 0) return `${style.good(`equal: ${equal} messages`)}\n`;
  return `${changed} changed, ${removed} only in A, ${added} only in B, ${equal} equal\n`;
}

/**
 * A difference as one NDJSON line: `{"diff","a","b","from","to","type","seq","id","name","changes","message"}`. `diff` is
 * changed, removed or added; `a` and `b` are the record numbers on the sides that have the message; `changes` holds
 * `{"path","a","b"}` per field, without `a` where only B has it and without `b` where only A has it; `message` is a
 * message that only one side has.
 */
export function differenceLine(difference: Difference): string {
  const { diff } = difference;
  const entry = diff === 'added' ? difference.b : difference.a;
  const record = recordOf(entry);
  const { from, to, type, seq, id, message } = record;
  const named = { from, to, type, seq, id: id === undefined ? undefined : formatId(id), name: message?.name };
  if (diff === 'changed') {
    const { a, b, changes } = difference;
    return `${jsonText({ diff, a: a.no, b: b.no, ...named, changes })}\n`;
  }
  const side = diff === 'removed' ? 'a' : 'b';
  const fields = fieldTexts(entry, record).map(([key, text]) => `"${key}":${text}`);
  const start = jsonText({ diff, [side]: entry.no, ...named });
  return `${start.slice(0, -1)},"message":{${fields}}}\n`;
}

/** The keys of a message that are compared, with the JSON texts of their values. */
function fieldTexts(entry: DiffEntry, record: CaptureRecord): (readonly [key: string, text: string])[] {
  const { ignore, protocol } = entry.comparison;
  if (ignore.length === 0) return keysOfContents.texts(record, protocol);
  return Object.entries(contentOf(entry, record)).map(([key, value]) => [key, jsonText(value)]);
}

/** The last NDJSON line: `{"diff":"summary","equal","changed","removed","added"}`. */
export function countsLine(counts: DiffCounts): string {
  return `${jsonText({ diff: 'summary', ...counts })}\n`;
}

/** Keys that the first line of a message shows. */
const headKeys = new Set(['from', 'to', 'type', 'seq', 'id', 'name', 'error']);

function number(entry?: DiffEntry): string {
  return String(entry?.no ?? '').padStart(8);
}

function headText(protocol: Protocol, record: CaptureRecord, style: PrintStyle): string {
  const vm = (vmid: number) => vmidName(protocol, vmid) ?? `VM ${vmid}`;
  const { from, to, type, seq, id, message } = record;
  const error = keysOfContents.value(record, protocol, 'error');
  const parts = [`${vm(from).padStart(6)} -> ${vm(to).padEnd(6)}`, type.padEnd(12)];
  if (id !== undefined) parts.push(style.name(message?.name ?? formatId(id)));
  if (error !== undefined) parts.push(error === 'OK' ? style.good('OK') : style.bad(`${error}`));
  if (seq !== undefined) parts.push(style.dim(`seq ${seq}`));
  return parts.join('  ').trimEnd();
}

function changeLine({ path, a, b }: FieldChange, style: PrintStyle): string {
  const name = `${style.accent(path)}:`;
  if (a === undefined) return `${margin}${style.good('+')} ${name} ${cut(valueText(b), valueSizeMax)}`;
  if (b === undefined) return `${margin}${style.bad('-')} ${name} ${cut(valueText(a), valueSizeMax)}`;
  const [before, after, where] = excerpts(valueText(a), valueText(b));
  const note = where === undefined ? '' : ` ${style.dim(`(from byte ${where} on)`)}`;
  return `${margin}${style.warn('~')} ${name} ${style.bad(before)} -> ${style.good(after)}${note}`;
}

/** A word (name, hex) without the quotes of JSON, any other value as JSON. */
function valueText(value: Json | undefined): string {
  return typeof value === 'string' && /^\w+$/.test(value) ? value : jsonText(value);
}

/** Two long runs of hex are shown from the first byte that differs. */
function excerpts(a: string, b: string): [string, string, number?] {
  if (a.length <= wholeSizeMax && b.length <= wholeSizeMax) return [a, b];
  const hex = /^([0-9a-f]{2})*$/;
  if (!hex.test(a) || !hex.test(b)) return [cut(a, valueSizeMax), cut(b, valueSizeMax)];
  let at = 0;
  while (at < a.length && a.slice(at, at + 2) === b.slice(at, at + 2)) at += 2;
  const rest = (text: string) => (at >= text.length ? '(end)' : cut(text.slice(at), wholeSizeMax));
  return [rest(a), rest(b), at / 2];
}

function cut(text: string, size: number): string {
  return text.length > size ? `${text.slice(0, size)}... (${text.length - size} more characters)` : text;
}
