import { type ByteWriter, type PreparedText, preparedText } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { decodeUtf8, shortened } from '../../base/text.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { type JsonObject, keysOfContents, type ValueWriter } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import { vmidName } from '../payload/index.js';
import type { PrintStyle } from '../print/index.js';
import type { CaptureRecord } from '../records/index.js';
import type { DiffCounts, Difference, DiffSide } from './diff.js';
import type { FieldChange } from './fields.js';
import { KeptTexts } from './kept-texts.js';

/** Characters of a value up to which a change shows it whole. */
const wholeSizeMax = 40;
/** Characters that are shown of each value of a message that only one side has. */
const valueSizeMax = 400;
/** Columns of a record's number. */
const NUMBER_WIDTH = 8;

const margin = ' '.repeat(17);
const spaces = preparedText(' '.repeat(NUMBER_WIDTH));

/** The heading of the two columns with record numbers. */
export function diffHeading(style: PrintStyle): string {
  return `${style.dim(`${'no in A'.padStart(9)}${'no in B'.padStart(8)}`)}\n`;
}

/** Keys that the first line of a message shows. */
const headKeys: ReadonlySet<string> = new Set(['from', 'to', 'type', 'seq', 'id', 'name', 'error']);
const shownBelow = keysOfContents.writersBut(headKeys);

/**
 * Writes differences as text: `~` changed, `-` only in A, `+` only in B; the record numbers on both sides; the message.
 * Below it stands each field that differs, or all fields of a message that only one side has.
 */
export class DifferencePrinter {
  readonly #protocol: Protocol;
  readonly #style: PrintStyle;
  readonly #heads = new KeptTexts();
  readonly #errors = new KeptTexts();
  readonly #signs: { readonly [D in Difference['diff']]: PreparedText };
  readonly #fields: readonly (readonly [label: PreparedText, field: ValueWriter<CaptureRecord>])[];
  readonly #seqStart: PreparedText;
  readonly #seqEnd: PreparedText;

  constructor(protocol: Protocol, style: PrintStyle) {
    this.#protocol = protocol;
    this.#style = style;
    const { warn, bad, good } = style;
    this.#signs = {
      changed: preparedText(warn('~')),
      removed: preparedText(bad('-')),
      added: preparedText(good('+')),
    };
    this.#fields = shownBelow.map((field) => [preparedText(this.#label(field.name)), field]);
    const [start, end] = style.dim('seq #').split('#') as [string, string];
    this.#seqStart = preparedText(`  ${start}`);
    this.#seqEnd = preparedText(`${end}\n`);
  }

  write(difference: Difference, writer: ByteWriter): void {
    const { diff } = difference;
    const a = diff === 'added' ? undefined : difference.a;
    const b = diff === 'removed' ? undefined : difference.b;
    const { comparison, entry } = (a ?? b) as DiffSide;
    const record = comparison.recordOf(entry);
    writer.prepared(this.#signs[diff]);
    writeNumber(a?.no, writer);
    writeNumber(b?.no, writer);
    this.#head(record, writer);
    if (diff === 'changed')
      for (const change of difference.changes) writer.text(`${changeLine(change, this.#style)}\n`);
    else if (comparison.ignore.length === 0) this.#values(record, writer);
    else this.#remainingValues(comparison.contentOf(entry), writer);
  }

  #values(record: CaptureRecord, writer: ByteWriter): void {
    for (const [label, field] of this.#fields) {
      if (field.onlyOf === 'unusual' && record.isPlain) continue;
      // The payload has been written, which tells.
      if (field.onlyOf === 'unsound' && record.isSound) return;
      const before = writer.at;
      writer.prepared(label);
      const start = writer.at;
      if (!field.write(record, this.#protocol, writer) || isEmptyObject(writer, start)) {
        writer.at = before;
        continue;
      }
      // A character takes a byte at least.
      if (writer.at - start > valueSizeMax) {
        const text = decodeUtf8(writer.bytes.subarray(start, writer.at));
        writer.at = start;
        writer.text(shortened(text, valueSizeMax));
      }
      writer.text('\n');
    }
  }

  #remainingValues(content: JsonObject, writer: ByteWriter): void {
    for (const [name, value] of Object.entries(content)) {
      const text = jsonText(value);
      if (!headKeys.has(name) && text !== '{}')
        writer.text(`${this.#label(name)}${shortened(text, valueSizeMax)}\n`);
    }
  }

  #label(name: string): string {
    return `${margin}  ${this.#style.accent(name)} `;
  }

  /** The first line, from behind the numbers on. */
  #head(record: CaptureRecord, writer: ByteWriter): void {
    const [head] = this.#heads.of(record, undefined, () => [this.#headText(record)]);
    writer.prepared(head as PreparedText);
    if (record.error !== undefined) {
      // Errors of their own cache: damaged captures have many.
      const [error] = this.#errors.of({}, record.error, () => [this.#errorText(record)]);
      writer.prepared(error as PreparedText);
    }
    if (record.seq === undefined) writer.text('\n');
    else {
      writer.prepared(this.#seqStart);
      writer.decimal(record.seq);
      writer.prepared(this.#seqEnd);
    }
  }

  #headText(record: CaptureRecord): string {
    const { from, to, type, id, seq, message } = record;
    const vm = (vmid: number) => vmidName(this.#protocol, vmid) ?? `VM ${vmid}`;
    const parts = [`${vm(from).padStart(6)} -> ${vm(to).padEnd(6)}`, type.padEnd(12)];
    if (id !== undefined) parts.push(this.#style.name(message?.name ?? formatId(id)));
    const text = `  ${parts.join('  ')}`;
    return seq === undefined ? text.trimEnd() : text;
  }

  #errorText(record: CaptureRecord): string {
    const error = keysOfContents.value(record, this.#protocol, 'error');
    return `  ${error === 'OK' ? this.#style.good('OK') : this.#style.bad(`${error}`)}`;
  }
}

/** The last line: the number of messages of each kind. */
export function printCounts({ equal, changed, removed, added }: DiffCounts, style: PrintStyle): string {
  if (changed + removed + added === 0) return `${style.good(`equal: ${equal} messages`)}\n`;
  return `${changed} changed, ${removed} only in A, ${added} only in B, ${equal} equal\n`;
}

/** Right-aligned; spaces without one. */
function writeNumber(no: number | undefined, writer: ByteWriter): void {
  writer.prepared(spaces);
  if (no === undefined) return;
  let size = 1;
  for (let rest = no; rest >= 10; rest /= 10) size++;
  writer.at -= Math.min(size, NUMBER_WIDTH);
  writer.decimal(no);
}

/** Whether `{}` has been written. */
function isEmptyObject({ bytes, at }: ByteWriter, start: number): boolean {
  return at - start === 2 && bytes[start] === 0x7b;
}

function changeLine({ path, a, b }: FieldChange, style: PrintStyle): string {
  const name = `${style.accent(path)}:`;
  if (a === undefined) return `${margin}${style.good('+')} ${name} ${shortened(valueText(b), valueSizeMax)}`;
  if (b === undefined) return `${margin}${style.bad('-')} ${name} ${shortened(valueText(a), valueSizeMax)}`;
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
  if (!hex.test(a) || !hex.test(b)) return [shortened(a, valueSizeMax), shortened(b, valueSizeMax)];
  let at = 0;
  while (at < a.length && a.slice(at, at + 2) === b.slice(at, at + 2)) at += 2;
  const rest = (text: string) => (at >= text.length ? '(end)' : shortened(text.slice(at), wholeSizeMax));
  return [rest(a), rest(b), at / 2];
}
