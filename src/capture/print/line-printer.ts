import { formatId } from '../../schema/index.js';
import { vmidName } from '../payload/index.js';
import type { CaptureRecord, RecordPacket } from '../records/index.js';
import { factsOf, route, timeText, typeTexts } from './headline.js';
import { infoOf, StatesBefore } from './info.js';
import type { PrintOptions } from './options.js';

/** Columns from which lines have all parts. */
const wide = 100;
/** Columns of the names of messages. Longer names move the rest of their line to the right. */
const nameWidth = { narrow: 16, wide: 20 } as const;

type Paint = (text: string) => string;

/**
 * Prints a line for each record: number, time, from and to, name, and what matters of the payload. Lines of 100 columns
 * or more also have the type and, at the end, the place in the traffic. Lines are cut at the width.
 */
export class LinePrinter {
  /** The latest record with a time. Captures without times need no room for them. */
  #isTimed = false;
  readonly #states = new StatesBefore();
  readonly #options: PrintOptions;

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  /** Takes a record that is not shown. Later lines depend on it. */
  skip(record: CaptureRecord): void {
    this.#states.take(record);
  }

  /** The line of a record, with its end. All records of a capture go through here or {@link skip}, in their order. */
  line(record: CaptureRecord): string {
    const { style, protocol, width } = this.#options;
    const before = this.#states.take(record);
    const { outcome, text, problem } = infoOf(protocol, record, before);
    const isWide = width === undefined || width >= wide;
    const line = new Line(width);
    this.#head(record, isWide, line);
    if (outcome !== undefined) line.add(outcome, ' ', record.error === 0 ? style.good : style.bad);
    if (text !== '') line.add(text, outcome === undefined ? ' ' : ', ');
    if (problem !== undefined) line.add(`! ${problem}`, '  ', style.bad);
    const facts = factsOf(record);
    if (isWide && facts.length > 0) line.addWhole(`[${facts.join(', ')}]`, '  ', style.dim);
    return `${line.text.trimEnd()}\n`;
  }

  #head(record: CaptureRecord, isWide: boolean, line: Line): void {
    const { style, protocol } = this.#options;
    const { packets, type, message, id, incomplete } = record;
    const { time, clock } = packets[0] as RecordPacket;
    this.#isTimed ||= time !== undefined;
    const isBroken = type === 'malformed' || type === 'continuation' || incomplete;
    const typeText = typeTexts[type] as string;
    const unnamed = isWide ? '' : typeText;
    const name = message?.name ?? (id === undefined ? unnamed : formatId(id));
    line.add(String(record.no).padStart(isWide ? 6 : 4), ' ', style.dim);
    line.add(this.#isTimed ? timeText(time, clock) : '-', ' ', style.dim);
    line.add(isWide ? route(protocol, record.from, record.to) : this.#shortRoute(record), ' ');
    if (isWide) line.add(typeText.padEnd(9), ' ', isBroken ? style.bad : plain);
    line.add(name.padEnd(isWide ? nameWidth.wide : nameWidth.narrow), ' ', style.name);
  }

  #shortRoute({ from, to }: CaptureRecord): string {
    const name = (vmid: number) => vmidName(this.#options.protocol, vmid) ?? String(vmid);
    return `${name(from)} > ${name(to)}`.padEnd(9);
  }
}

const plain: Paint = (text) => text;

/** A line that grows up to a width. Colour codes have no width. */
class Line {
  text = '';
  #left: number;

  constructor(width = Number.POSITIVE_INFINITY) {
    this.#left = width;
  }

  /** Adds a text, as much of it as fits. */
  add(text: string, separator: string, paint: Paint = plain): void {
    const space = this.text === '' ? '' : separator;
    const room = this.#left - space.length;
    if (room <= 0) return;
    const shown = text.length <= room ? text : `${text.slice(0, Math.max(0, room - 3))}...`.slice(0, room);
    this.text += space + paint(shown);
    this.#left = room - shown.length;
  }

  /** Adds a text if all of it fits. */
  addWhole(text: string, separator: string, paint: Paint): void {
    if (separator.length + text.length <= this.#left) this.add(text, separator, paint);
  }
}
