import { decodeUtf8 } from '../../base/text.js';

/** The kinds of line that `bpftrace -f json` writes; `printf` holds what the script printed. */
const BPFTRACE =
  /^\{"type": ?"(?:printf|attached_probes|lost_events|map|value|hist|time|cat|join|stats)", ?"data": ?/;
/** The same over several lines or in an array, as jq prints it. */
const BPFTRACE_SPREAD =
  /^\s*\[?\s*\{\s*(?:"data"\s*:[^{}]{0,9000}(?:\{[^{}]{0,200}\})?[^{}]{0,9000})?"type"\s*:\s*"(?:printf|attached_probes|lost_events|map|time)"/;
/** What `jq .data` makes of the first object. */
const ATTACHED = /^\s*\{\s*"probes"\s*:\s*\d+\s*\}/;
/** A string, with its value when it is a name, or the end of an object. The journal writes texts with colours as bytes. */
const TOKEN =
  /"((?:[^"\\]|\\.?)*)(?:"|$)(?:\s*(:)\s*("(?:[^"\\]|\\.?)*(?:"|$)|\[[\d,\s]*\]|\d+(?:\.\d+)?)?)?|\}/g;
/** A field as `journalctl -o export` and `-o verbose` write it. */
const FIELD = /^\s*([A-Z_][A-Z0-9_]*)=(.*)$/;
/** Microseconds since 1970, where nothing better is known. */
const WALL_TIME = '__REALTIME_TIMESTAMP';
/** Begins an entry of `journalctl -o export`. */
const CURSOR = '__CURSOR';
/** Times of the journal in microseconds since boot: the kernel's own, and that at which the journal took the message. */
const KERNEL_TIME = '_SOURCE_MONOTONIC_TIMESTAMP';
const JOURNAL_TIME = '__MONOTONIC_TIMESTAMP';

/** An entry of the journal, whose fields come in any order; -o json-seq and -o json-sse write something in front. */
const JOURNAL = /^(?:[^ -~]|data: )?\s*\[?\s*\{(?:.*"(?:MESSAGE|__CURSOR)"|\s*"_{0,2}[A-Z][A-Z_]+")\s*:/;

/** Objects that begin with a line of text, or with its time: of dmesg, container logs, test labs and systrace. */
const LINES = /^\s*(?:- )?\[?\s*\{\s*"(?:dmesg|pri|fac|msg|log|dt|message|line|systemTraceEvents)"\s*:/;
/** The keys of such lines. */
const TEXT_KEYS: ReadonlySet<string> = new Set([
  'msg',
  'MESSAGE',
  'message',
  'log',
  'line',
  'data',
  'systemTraceEvents',
]);

/** What a text that begins as one of the JSON forms does holds; undefined for all others. */
export function wrapped(text: string): 'trace' | 'log' | undefined {
  if (BPFTRACE.test(text) || BPFTRACE_SPREAD.test(text) || ATTACHED.test(text)) return 'trace';
  return LINES.test(text) || JOURNAL.test(text) ? 'log' : undefined;
}

/** Unpacks the forms in which programs wrap the lines of traces and logs: JSON, and the fields of the journal. */
export class Unwrapper {
  /** What stands before the text of a kernel message, as far as the entry in progress has said it. */
  #stamp = '';
  /** How good the time in it is: of several the best counts. */
  #rank = 0;
  /** Of an object of bpftrace. */
  #type = '';
  #lostEvents: string | undefined;
  /** The text of the entry in progress: its time may follow. */
  #text: string | undefined;
  /** It is one message of the kernel. */
  #isMessage = false;

  /** Whether an entry is in progress whose end is still to be seen. */
  get isOpen(): boolean {
    return this.#text !== undefined;
  }

  /** @returns the lines that a line of JSON holds or completes; undefined when it is none. */
  json(line: string): readonly string[] | undefined {
    if (BPFTRACE.test(line)) return printed(line);
    const lines: string[] = [];
    let seen = false;
    for (const [token, name = '', colon, value] of line.matchAll(TOKEN)) {
      if (token === '}') append(lines, this.flush());
      else if (colon === undefined) append(lines, parsed(token).split('\n'));
      else if (value !== undefined) {
        const text = plainText(value);
        if (this.#field(name, text)) seen = true;
        else append(lines, this.#ofBpftrace(name, text));
      }
    }
    return seen || /^\s*[[\]{},"]/.test(line) ? lines : undefined;
  }

  /** @returns the lines that a field of the journal, or the line behind the fields of an entry, completes. */
  field(line: string): readonly string[] | undefined {
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    if (name === '') return line === '' ? this.flush() : undefined;
    const isNext = name === CURSOR || (name === 'MESSAGE' && this.isOpen);
    const completed = isNext ? this.flush() : [];
    this.#field(name, value);
    return completed;
  }

  /** The entry in progress is over. @returns its text, with a stamp in front as dmesg prints it. */
  flush(): readonly string[] {
    const text = this.#text;
    const stamp = this.#stamp;
    this.#text = undefined;
    this.#stamp = '';
    this.#rank = 0;
    if (text === undefined) return [];
    const [own = ''] = this.#isMessage ? text.split(REST, 1) : [text];
    return (stamp + own).split('\n');
  }

  /** What bpftrace reports besides what a script prints; its kind stands before it, or behind it when keys are sorted. */
  #ofBpftrace(name: string, value: string): readonly string[] {
    if (name === 'type') this.#type = value;
    else if (name === 'events') this.#lostEvents = value;
    else return [];
    if (name === 'type' && value === 'attached_probes') return ['Attached probes'];
    const lost = this.#type === 'lost_events' ? this.#lostEvents : undefined;
    if (lost !== undefined || name === 'type') this.#lostEvents = undefined;
    if (lost !== undefined) this.#type = '';
    return lost === undefined ? [] : [`Lost ${lost} events`];
  }

  #field(name: string, value: string): boolean {
    if (TEXT_KEYS.has(name)) {
      this.#text = value;
      this.#isMessage = name === 'msg';
      return true;
    }
    switch (name) {
      case 'time':
      case 'dt':
        return this.#time(/^\d{4}-/.test(value) ? `${value} ` : `[${value}] `, 1);
      case WALL_TIME:
        return this.#time(`${microseconds(value)} `, 1);
      case JOURNAL_TIME:
        return this.#time(`[${microseconds(value)}] `, 2);
      case KERNEL_TIME:
        return this.#time(`[${microseconds(value)}] `, 3);
      default:
        return false;
    }
  }

  #time(stamp: string, rank: number): boolean {
    if (rank < this.#rank) return true;
    this.#stamp = stamp;
    this.#rank = rank;
    return true;
  }
}

/** A line of JSON may hold more lines than a call has room for arguments. */
function append(lines: string[], more: readonly string[]): void {
  for (const line of more) lines.push(line);
}

/** dmesg -J -F prints the rest of the file with each message. */
const REST = /\n<\d+>\[/;

function printed(line: string): readonly string[] {
  try {
    const { type, data } = JSON.parse(line) as { type: string; data: unknown };
    if (type === 'attached_probes') return ['Attached probes'];
    if (type === 'lost_events') return [`Lost ${(data as { events?: number }).events ?? ''} events`];
    return type === 'printf' && typeof data === 'string' ? data.split('\n') : [];
  } catch {
    return [];
  }
}

function plainText(value: string): string {
  if (value.startsWith('"')) return parsed(value);
  return value.startsWith('[') ? decodeUtf8(Uint8Array.from(value.match(/\d+/g) ?? [], Number)) : value;
}

function parsed(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return '';
  }
}

/** `18914725` as `18.914725`, the form of printk's stamp. */
function microseconds(text: string): string {
  const digits = text.padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
