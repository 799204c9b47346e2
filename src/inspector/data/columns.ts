import { keysOfRecords, recordKeys } from '../../capture/keys/index.js';
import { infoOf } from '../../capture/print/index.js';
import { MessageType } from '../../schema/index.js';
import type { Hazards } from './hazards.js';
import { isProblemAt, isUnanswered, nameAt } from './message-facts.js';
import { IndexedRecord } from './message-fields.js';
import { Flag, type MessageIndex } from './message-index.js';

/** What the page knows of a column. */
export interface ColumnFacts {
  /** Name of a record key, or of one of the columns that only the page has. */
  readonly name: string;
  readonly label: string;
  /** One sentence. */
  readonly doc: string;
  /** Its cells are numbers, flush right. */
  readonly isNumber: boolean;
}

/** A column: its cells in words, and by what it is sorted. */
export interface Column extends ColumnFacts {
  cell(at: number): string;
  /** The number by which messages are sorted; NaN sorts last. Columns without it are sorted by their cells. */
  readonly number?: (at: number) => number;
  /** Messages with the same code have the same cell, so that the cells of a few messages tell those of all. */
  readonly code?: (at: number) => number;
  /** The index has what it is sorted by: no message is decoded for it. */
  readonly isIndexed?: true;
}

/** A key's name as a heading: `latency_ns` is `Latency`, `duplicate_of` is `Duplicate of`. */
function labelOf(name: string): string {
  const words = name.replace(/_ns$/, '').replaceAll('_', ' ');
  return words[0]?.toUpperCase() + words.slice(1);
}

/** All columns of the table of messages: one for each key of records, and those that only the page has. */
export function columnsOf(index: MessageIndex, hazards: Hazards): ReadonlyMap<string, Column> {
  const { protocol } = index;
  const record = new IndexedRecord(index);
  const keys = Array.from(keysOfRecords.names, (name): Column => {
    const { kind, doc } = recordKeys[name];
    const isNumber = kind.isNumber === true;
    const cell = (at: number) => {
      record.moveTo(at);
      return keysOfRecords.words(record, protocol, name);
    };
    const number = (at: number) => {
      record.moveTo(at);
      return (keysOfRecords.value(record, protocol, name) as number | undefined) ?? Number.NaN;
    };
    return { name, label: labelOf(name), doc, isNumber, cell, ...(isNumber && { number }) };
  });
  const all = new Map(
    [...keys, ...pageColumns(index, hazards, record)].map((column) => [column.name, column]),
  );
  for (const [name, fast] of Object.entries(indexed(index)))
    all.set(name, { ...(all.get(name) as Column), ...fast, isIndexed: true });
  return all;
}

/** The columns that no record key has. */
function pageColumns(index: MessageIndex, hazards: Hazards, record: IndexedRecord): Column[] {
  const info = (at: number) => {
    record.moveTo(at);
    return infoOf(index.protocol, record, index.stateBefore(at));
  };
  return [
    {
      name: 'link',
      label: 'Link',
      doc: 'The reply to a request, or the request of a reply.',
      isNumber: false,
      cell: (at) => {
        const partner = index.messages.columns.partner[at] as number;
        if (partner === 0) return isUnanswered(index, at) ? '→ ?' : '';
        return index.messages.columns.type[at] === MessageType.reply ? `← ${partner}` : `→ ${partner}`;
      },
      number: (at) => index.messages.columns.partner[at] || Number.NaN,
      isIndexed: true,
    },
    {
      name: 'size',
      label: 'Size',
      doc: 'Bytes of the payload, with the error word of a reply.',
      isNumber: true,
      cell: (at) => String(index.messages.columns.size[at]),
      number: (at) => index.messages.columns.size[at] as number,
      isIndexed: true,
    },
    {
      name: 'info',
      label: 'Info',
      doc: 'What matters of the payload.',
      isNumber: false,
      cell: (at) => info(at).text,
    },
    {
      name: 'problem',
      label: 'Problem',
      doc: 'What is wrong with the message.',
      isNumber: false,
      cell: (at) => (isProblemAt(index, at) ? (info(at).problem ?? '') : ''),
    },
    {
      name: 'hazard',
      label: 'Hazard',
      doc: 'Rules of lint that the message breaks.',
      isNumber: false,
      cell: (at) =>
        hazards
          .of(at + 1)
          .map(({ level, rule }) => `${level} ${rule}`)
          .join(', '),
    },
  ];
}

/** What the index tells faster than the record of a message. */
function indexed(index: MessageIndex): Readonly<Record<string, Partial<Column>>> {
  // Growing replaces the arrays.
  const columns = () => index.messages.columns;
  const ifHas = (flag: number, at: number, value: number | undefined) =>
    index.has(at, flag) ? (value as number) : Number.NaN;
  return {
    no: { number: (at) => at },
    time: { number: (at) => columns().at[at] as number },
    from: { code: (at) => columns().from[at] as number },
    to: { code: (at) => columns().to[at] as number },
    type: { code: (at) => columns().type[at] as number },
    seq: { number: (at) => ifHas(Flag.header, at, columns().seq[at]) },
    id: { number: (at) => ifHas(Flag.header, at, columns().id[at]) },
    name: {
      cell: (at) => nameAt(index, at) ?? '(malformed)',
      code: (at) => ifHas(Flag.header, at, columns().id[at]),
    },
    error: { code: (at) => ifHas(Flag.error, at, columns().error[at]) },
    latency_ns: { number: (at) => columns().latencyNs[at] as number },
  };
}
