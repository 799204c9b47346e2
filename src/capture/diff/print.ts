import { jsonText } from '../../base/json.js';
import type { Protocol } from '../../schema/index.js';
import type { Json } from '../payload/index.js';
import { vmidName } from '../payload/index.js';
import type { PrintStyle } from '../print/index.js';
import type { DiffCounts, Difference } from './diff.js';
import { contentOf, type DiffEntry, type DiffHead } from './entry.js';
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
    const head = `${style.warn('~')}${number(a)}${number(b)}  ${headText(protocol, a.head, style)}`;
    return `${[head, ...changes.map((change) => changeLine(change, style))].join('\n')}\n`;
  }
  const { entry, paint, sign, numbers } =
    diff === 'removed'
      ? { entry: difference.a, paint: style.bad, sign: '-', numbers: number(difference.a) + number() }
      : { entry: difference.b, paint: style.good, sign: '+', numbers: number() + number(difference.b) };
  const fields = Object.entries(contentOf(entry))
    .filter(([key, value]) => !headKeys.has(key) && JSON.stringify(value) !== '{}')
    .map(([key, value]) => `${margin}  ${style.accent(key)} ${cut(jsonText(value), valueSizeMax)}`);
  const head = `${paint(sign)}${numbers}  ${headText(protocol, entry.head, style)}`;
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
  const { from, to, type, seq, id, name } = entry.head;
  const named = { from, to, type, seq, id, name };
  if (diff === 'changed') {
    const { a, b, changes } = difference;
    return `${jsonText({ diff, a: a.head.no, b: b.head.no, ...named, changes })}\n`;
  }
  const side = diff === 'removed' ? 'a' : 'b';
  return `${jsonText({ diff, [side]: entry.head.no, ...named, message: contentOf(entry) })}\n`;
}

/** The last NDJSON line: `{"diff":"summary","equal","changed","removed","added"}`. */
export function countsLine(counts: DiffCounts): string {
  return `${jsonText({ diff: 'summary', ...counts })}\n`;
}

/** Keys that the first line of a message shows. */
const headKeys = new Set(['from', 'to', 'type', 'seq', 'id', 'name', 'error']);

function number(entry?: DiffEntry): string {
  return String(entry?.head.no ?? '').padStart(8);
}

function headText(protocol: Protocol, head: DiffHead, style: PrintStyle): string {
  const vm = (vmid: number) => vmidName(protocol, vmid) ?? `VM ${vmid}`;
  const parts = [`${vm(head.from).padStart(6)} -> ${vm(head.to).padEnd(6)}`, head.type.padEnd(12)];
  if (head.id !== undefined) parts.push(style.name(head.name ?? head.id));
  if (head.error !== undefined)
    parts.push(head.error === 'OK' ? style.good('OK') : style.bad(`${head.error}`));
  if (head.seq !== undefined) parts.push(style.dim(`seq ${head.seq}`));
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
