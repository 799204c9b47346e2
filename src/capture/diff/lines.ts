import type { ByteWriter } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { keysOfContents } from '../keys/index.js';
import type { CaptureRecord } from '../records/index.js';
import type { DiffCounts, Difference } from './diff.js';
import { contentOf, type DiffEntry } from './entry.js';
import { EntryRecords } from './entry-records.js';
import { KeptTexts } from './kept-texts.js';

/**
 * Writes differences as NDJSON lines: `{"diff","a","b","from","to","type","seq","id","name","changes","message"}`. `diff`
 * is changed, removed or added; `a` and `b` are the record numbers on the sides that have the message; `changes` holds
 * `{"path","a","b"}` per field, without `a` where only B has it and without `b` where only A has it; `message` is a
 * message that only one side has.
 */
export class DifferenceLines {
  readonly #protocol: Protocol;
  readonly #records: EntryRecords;
  readonly #kinds = new KeptTexts();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
    this.#records = new EntryRecords(protocol);
  }

  write(difference: Difference, writer: ByteWriter): void {
    const { diff } = difference;
    const entry = diff === 'added' ? difference.b : difference.a;
    const record = this.#records.of(entry);
    writer.text(`{"diff":"${diff}",${diff === 'added' ? '"b"' : '"a"'}:`);
    writer.decimal(entry.no);
    if (diff === 'changed') {
      writer.text(',"b":');
      writer.decimal(difference.b.no);
    }
    this.#kind(record, writer);
    if (diff === 'changed') writer.text(`,"changes":${jsonText(difference.changes)}}\n`);
    else {
      writer.text(',"message":');
      this.#message(entry, record, writer);
      writer.text('}\n');
    }
  }

  #kind(record: CaptureRecord, writer: ByteWriter): void {
    const { from, to, type, seq, id, message } = record;
    const [route, named] = this.#kinds.of(record, undefined, () => [
      `,"from":${from},"to":${to},"type":"${type}"`,
      (id === undefined ? '' : `,"id":"${formatId(id)}"`) +
        (message === undefined ? '' : `,"name":"${message.name}"`),
    ]);
    writer.copy(route as Uint8Array);
    if (seq !== undefined) {
      writer.text(',"seq":');
      writer.decimal(seq);
    }
    writer.copy(named as Uint8Array);
  }

  #message(entry: DiffEntry, record: CaptureRecord, writer: ByteWriter): void {
    if (entry.comparison.ignore.length > 0) {
      writer.text(jsonText(contentOf(entry, record)));
      return;
    }
    keysOfContents.write(record, this.#protocol, writer);
    // The line feed.
    writer.at--;
  }
}

/** The last NDJSON line: `{"diff":"summary","equal","changed","removed","added"}`. */
export function countsLine(counts: DiffCounts): string {
  return `${jsonText({ diff: 'summary', ...counts })}\n`;
}
