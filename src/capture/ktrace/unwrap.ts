/** The kinds of line that `bpftrace -f json` writes; `printf` holds what the script printed. */
const BPFTRACE =
  /^\{"type": ?"(?:printf|attached_probes|lost_events|map|value|hist|time|cat|join|stats)", ?"data": ?/;
/** A string, with its value when it is a name, or the end of an object. */
const TOKEN = /"((?:[^"\\]|\\.?)*)(?:"|$)(?:\s*:\s*("(?:[^"\\]|\\.?)*(?:"|$)|\d+(?:\.\d+)?))?|\}/g;
/** A field as `journalctl -o export` and `-o verbose` write it. */
const FIELD = /^\s*([A-Z_][A-Z0-9_]*)=(.*)$/;
/** Begins an entry of `journalctl -o export`. */
const CURSOR = '__CURSOR';
/** Times of the journal in microseconds since boot: the kernel's own, and that at which the journal took the message. */
const KERNEL_TIME = '_SOURCE_MONOTONIC_TIMESTAMP';
const JOURNAL_TIME = '__MONOTONIC_TIMESTAMP';

/** An entry of the journal, whose fields come in any order; -o json-seq and -o json-sse write something in front. */
const JOURNAL = /^(?:[^ -~]|data: )?\{(?:.*"(?:MESSAGE|__CURSOR)"|\s*"_{0,2}[A-Z][A-Z_]+")\s*:/;

/** Whether a text begins as one of the JSON forms does. */
export function isWrapped(text: string): boolean {
  return BPFTRACE.test(text) || /^\s*\{\s*"(?:dmesg|pri|fac)"/.test(text) || JOURNAL.test(text);
}

/** Unpacks the forms in which programs wrap the lines of traces and logs: JSON, and the fields of the journal. */
export class Unwrapper {
  /** What stands before the text of a kernel message, as far as the entry in progress has said it. */
  #stamp = '';
  #hasKernelTime = false;
  /** The text of the entry in progress: its time may follow. */
  #text: string | undefined;

  /** Whether an entry is in progress whose end is still to be seen. */
  get isOpen(): boolean {
    return this.#text !== undefined;
  }

  /** @returns the lines that a line of JSON holds or completes; undefined when it is none. */
  json(line: string): readonly string[] | undefined {
    if (BPFTRACE.test(line)) return printed(line);
    const lines: string[] = [];
    let seen = false;
    for (const [token, name = '', value] of line.matchAll(TOKEN)) {
      if (token === '}') lines.push(...this.flush());
      else if (value !== undefined) {
        const text = value.startsWith('"') ? parsed(value) : value;
        if (this.#field(name, text)) seen = true;
        // dmesg writes the time in front.
        if (name === 'msg') lines.push(...this.flush());
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
    this.#hasKernelTime = false;
    return text === undefined ? [] : [stamp + text];
  }

  #field(name: string, value: string): boolean {
    switch (name) {
      case 'msg':
      case 'MESSAGE':
        this.#text = value;
        return true;
      case 'time':
        this.#stamp = /^\d{4}-/.test(value) ? `${value} ` : `[${value}] `;
        return true;
      case JOURNAL_TIME:
        if (!this.#hasKernelTime) this.#stamp = `[${microseconds(value)}] `;
        return true;
      case KERNEL_TIME:
        this.#stamp = `[${microseconds(value)}] `;
        this.#hasKernelTime = true;
        return true;
      default:
        return false;
    }
  }
}

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
