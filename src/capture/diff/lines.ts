import { type ByteWriter, type PreparedText, preparedText } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { keysOfContents } from '../keys/index.js';
import type { CaptureRecord } from '../records/index.js';
import type { DiffCounts, Difference } from './diff.js';
import type { Comparison, DiffEntry } from './entry.js';
import { KeptTexts } from './kept-texts.js';

const starts = {
  changed: preparedText('{"diff":"changed","a":'),
  removed: preparedText('{"diff":"removed","a":'),
  added: preparedText('{"diff":"added","b":'),
};
const secondNumber = preparedText(',"b":');
const seqKey = preparedText(',"seq":');
const ownMessage = preparedText(',"message":');

/**
 * Writes differences as NDJSON lines: `{"diff","a","b","from","to","type","seq","id","name","changes","message"}`. `diff`
 * is changed, removed or added; `a` and `b` are the record numbers on the sides that have the message; `changes` holds
 * `{"path","a","b"}` per field, without `a` where only B has it and without `b` where only A has it; `message` is a
 * message that only one side has.
 */
export class DifferenceLines {
  readonly #protocol: Protocol;
  readonly #kinds = new KeptTexts();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  write(difference: Difference, writer: ByteWriter): void {
    const { diff } = difference;
    const { comparison, no, entry } = diff === 'added' ? difference.b : difference.a;
    const record = comparison.recordOf(entry);
    writer.prepared(starts[diff]);
    writer.decimal(no);
    if (diff === 'changed') {
      writer.prepared(secondNumber);
      writer.decimal(difference.b.no);
    }
    this.#kind(record, writer);
    if (diff === 'changed') writer.text(`,"changes":${jsonText(difference.changes)}}\n`);
    else {
      writer.prepared(ownMessage);
      this.#message(comparison, entry, record, writer);
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
    writer.prepared(route as PreparedText);
    if (seq !== undefined) {
      writer.prepared(seqKey);
      writer.decimal(seq);
    }
    writer.prepared(named as PreparedText);
  }

  #message(comparison: Comparison, entry: DiffEntry, record: CaptureRecord, writer: ByteWriter): void {
    if (comparison.ignore.length > 0) {
      writer.text(jsonText(comparison.contentOf(entry)));
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
