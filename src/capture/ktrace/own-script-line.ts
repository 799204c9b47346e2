import type { BpftraceLine } from './bpftrace-line.js';
import { directionOf } from './event-line.js';
import { type Line, latin1, queueName, Slab } from './line.js';
import { type Direction, type LineTime, QUEUE_MESSAGE_MAX } from './message.js';
import { PrintedBytes } from './printed-bytes.js';

/** A message takes four characters for each byte at most. */
const LINE_MAX = 4096;
/** Bytes of RM's header, and the first of them. */
const HEADER_SIZE = 8;
const RM_FIRST_BYTE = 0x21;
/** Lines of one form that wait for a message of RM to show what they are. */
const HELD_MAX = 64;
/** Forms of lines that are remembered. */
const FORMS_MAX = 16;

/** The names of fields, and what they hold. The first that fits counts. */
const FIELDS: readonly (readonly [FieldKind, RegExp])[] = [
  ['data', /^(?:data|buff?|buffer|bytes|msg|message|payload|hex|content|frame)$/i],
  ['size', /^(?:n|sz|count|nbytes|\w*(?:size|len|length))$/i],
  ['queue', /^(?:q|queue|\w*msgq\w*|cap\w*|desc|handle|label)$/i],
  ['at', /^off(?:set)?$/i],
  ['result', /^(?:ret\w*|rc|res|result|err|error|status)$/i],
  ['direction', /^(?:dir|direction|op)$/i],
  ['time', /^(?:ns|nsecs|t|ts|time|timestamp|elapsed)$/i],
];
type FieldKind = 'data' | 'size' | 'queue' | 'at' | 'result' | 'direction' | 'time';

const FIELD = /[\s,;|)\]}]*([A-Za-z_]\w*)\s*[=:]\s*(-?\w+(?:\.\d+)?)?/iy;
/** The first field of a message behind the head of its line. */
const FIRST =
  /(?:^|[\s,;|([{])(?=(?:\w*size|\w*len|\w*length|count|n?bytes|sz|n|cap\w*|desc|queue|\w*msgq\w*|handle|q)\s*[=:]\s*-?[0-9a-f])/i;
const WORD = /[A-Za-z_]\w*/g;
const BETWEEN = /[\s,;|"'([{]/;
const TIME_OF_DAY = /(?<![\d:])(\d{1,2}):(\d\d):(\d\d)(?:[.,:](\d{1,9}))?(?![\d:])/;
const NUMBER = /(?<![\w.:-])(\d{1,19})(?:\.(\d{3,9}))?(?![\w.]|:\d)/g;
/** Digits of nanoseconds that no process ID has. */
const NS_DIGITS = 8;
/** Nanoseconds since 1970 are more than those since the start of any machine. */
const WALL_NS = 1_000_000_000_000_000_000n;

/** What a line says besides the bytes. */
interface Facts {
  direction: Direction | undefined;
  size: number | undefined;
  queue: string | undefined;
  at: number | undefined;
  result: number | undefined;
  time: LineTime | undefined;
  /** Names of its fields, by which lines of one script are known. */
  form: string;
}

interface Form {
  /** A whole message of RM has come in this form. */
  isKnown: boolean;
  readonly held: BpftraceLine[];
}

/**
 * Reads what scripts of users print with bpftrace: a direction, a size and the bytes, with a time and a queue or without,
 * in any order that ends with the bytes. Any log may have such lines, so a form counts once a message of RM has come in it.
 */
export class OwnScriptLines {
  readonly #isOfRm: (bytes: Uint8Array, direction: Direction) => boolean;
  readonly #printed = new PrintedBytes();
  readonly #slab = new Slab();
  readonly #forms = new Map<string, Form>();

  /** @param isOfRm whether bytes are a message of RM; by default, whether they begin as one. */
  constructor(isOfRm: (bytes: Uint8Array, direction: Direction) => boolean = beginsAsOfRm) {
    this.#isOfRm = isOfRm;
  }

  /** @returns the messages that the line shows to be some, with those held before; undefined when it is no such line. */
  parse({ data, start, end }: Line): readonly BpftraceLine[] | undefined {
    if (end - start > LINE_MAX) return undefined;
    const text = latin1(data, start, end);
    const first = FIRST.exec(text);
    if (first === null) return undefined;
    const head = text.slice(0, first.index);
    const facts: Facts = {
      direction: lastDirection(head),
      size: undefined,
      queue: undefined,
      at: undefined,
      result: undefined,
      time: timeOf(head),
      form: '',
    };
    const count = this.#fields(data, start, end, text, first.index, facts);
    const { direction, size, queue, at, result, time, form } = facts;
    if (count === undefined || direction === undefined || size === undefined) return undefined;
    if (direction === 'rx' && result !== undefined && result !== 0) return [];
    const isRmOnly = queue === undefined && direction === 'rx';
    const bytes = this.#slab.copy(this.#printed.bytes, count);
    return this.#inForm(form, { direction, queue, isRmOnly, size, bytes, time, task: '', at });
  }

  /** Takes the fields from `begin` on, and the bytes behind them. @returns the number of bytes. */
  #fields(
    data: Uint8Array,
    start: number,
    end: number,
    text: string,
    begin: number,
    facts: Facts,
  ): number | undefined {
    for (let at = begin; ; ) {
      const whole = facts.size === undefined ? undefined : this.#bytes(data, start + at, end, facts.size);
      if (whole !== undefined && whole === facts.size) return whole;
      FIELD.lastIndex = at;
      const match = FIELD.exec(text);
      const kind = match === null ? undefined : kindOf(match[1] as string);
      if (match === null || kind === 'data') {
        if (facts.size === undefined) return undefined;
        if (match === null) return this.#bytes(data, start + at, end, facts.size);
        return this.#bytesAt(data, start + at + match[0].length - (match[2]?.length ?? 0), end, facts.size);
      }
      facts.form += `${match[1]} `;
      takeField(facts, kind, match[2] ?? '');
      at = FIELD.lastIndex;
    }
  }

  /** Behind one character, or all that stand between fields. */
  #bytes(data: Uint8Array, start: number, end: number, size: number): number | undefined {
    const exact = this.#printed.read(data, start + 1, end, size);
    return exact === size ? exact : this.#bytesAt(data, start, end, size);
  }

  /** Behind what may stand in front of bytes. */
  #bytesAt(data: Uint8Array, start: number, end: number, size: number): number | undefined {
    let at = start;
    while (at < end && BETWEEN.test(String.fromCharCode(data[at] as number))) at++;
    return this.#printed.read(data, at, end, size);
  }

  #inForm(name: string, line: BpftraceLine): readonly BpftraceLine[] | undefined {
    let form = this.#forms.get(name);
    if (form === undefined) {
      if (this.#forms.size >= FORMS_MAX) this.#forms.clear();
      form = { isKnown: false, held: [] };
      this.#forms.set(name, form);
    }
    const { bytes, size, direction } = line;
    form.isKnown ||= bytes.length === size && this.#isOfRm(bytes, direction);
    if (form.isKnown) return [...form.held.splice(0), line];
    form.held.push(line);
    if (form.held.length > HELD_MAX) form.held.shift();
    return undefined;
  }
}

function beginsAsOfRm(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_SIZE && bytes[0] === RM_FIRST_BYTE;
}

/** Whether a field of this name holds the size of a message. */
export function isSizeName(name: string): boolean {
  return kindOf(name) === 'size';
}

function kindOf(name: string): FieldKind | undefined {
  return FIELDS.find(([, names]) => names.test(name))?.[0];
}

function takeField(facts: Facts, kind: FieldKind | undefined, value: string): void {
  switch (kind) {
    case 'size':
      facts.size = Math.min(Number(value), QUEUE_MESSAGE_MAX);
      if (!Number.isInteger(facts.size) || facts.size < 0) facts.size = undefined;
      return;
    case 'queue':
      facts.queue = queueName(value);
      return;
    case 'at':
      facts.at = Number(value);
      return;
    case 'result':
      facts.result = Number(value);
      return;
    case 'direction':
      facts.direction = directionOf(value) ?? facts.direction;
      return;
    case 'time':
      facts.time = timeOf(value) ?? facts.time;
  }
}

function lastDirection(head: string): Direction | undefined {
  let direction: Direction | undefined;
  for (const [word] of head.matchAll(WORD)) direction = directionOf(word) ?? direction;
  return direction;
}

/** Of a head: nanoseconds, seconds with a fraction, or the time of day; undefined when it has none of them. */
function timeOf(head: string): LineTime | undefined {
  const numbers = [...head.matchAll(NUMBER)];
  const long = numbers.findLast(
    ([, digits = '', fraction]) => fraction === undefined && digits.length >= NS_DIGITS,
  );
  const seconds = numbers.findLast(([, , fraction]) => fraction !== undefined);
  const [first] = numbers;
  if (long !== undefined) return since(BigInt(long[1] as string));
  if (seconds !== undefined)
    return since(BigInt(seconds[1] as string) * 1_000_000_000n + nsOf(seconds[2] as string));
  const day = TIME_OF_DAY.exec(head);
  if (day !== null) {
    const [, hours, minutes, rest, fraction = ''] = day;
    const s = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
    return { ns: BigInt(s) * 1_000_000_000n + nsOf(fraction), clock: 'no-year' };
  }
  return first !== undefined && /^\W*$/.test(head.slice(0, first.index))
    ? since(BigInt(first[1] as string))
    : undefined;
}

function since(ns: bigint): LineTime {
  return { ns, clock: ns > WALL_NS ? 'wall' : 'boot' };
}

function nsOf(fraction: string): bigint {
  return BigInt(fraction.padEnd(9, '0'));
}
