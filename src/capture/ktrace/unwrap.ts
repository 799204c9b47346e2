/** The kinds of line that `bpftrace -f json` writes; `printf` holds what the script printed. */
const BPFTRACE =
  /^\{"type": ?"(?:printf|attached_probes|lost_events|map|value|hist|time|cat|join|stats)", ?"data": ?/;
/** A member of the objects that `dmesg -J` and `journalctl -o json` write. */
const MEMBER =
  /"(time|msg|MESSAGE|__MONOTONIC_TIMESTAMP|__REALTIME_TIMESTAMP)"\s*:\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?)/g;

/** Whether a text begins as one of the JSON forms does. */
export function isWrapped(text: string): boolean {
  return BPFTRACE.test(text) || /^\s*\{\s*"dmesg"/.test(text) || /^\{.*"(?:MESSAGE|__CURSOR)"\s*:/.test(text);
}

/** Unpacks the JSON forms of traces and logs into the lines that they hold. */
export class JsonUnwrapper {
  /** Time of the entry in progress: `dmesg -J` writes it on the line before the text. */
  #seconds: string | undefined;

  /** @returns the lines that a line holds; undefined when it is no such JSON. */
  lines(line: string): readonly string[] | undefined {
    if (BPFTRACE.test(line)) return printed(line);
    const lines: string[] = [];
    let seen = false;
    const texts: string[] = [];
    for (const [, name, value = ''] of line.matchAll(MEMBER)) {
      seen = true;
      const text = value.startsWith('"') ? parsed(value) : value;
      if (name === 'time') this.#seconds = text;
      else if (name === '__MONOTONIC_TIMESTAMP') this.#seconds = microseconds(text);
      else if (name === 'msg' || name === 'MESSAGE') texts.push(text);
    }
    for (const text of texts) lines.push(this.#seconds === undefined ? text : `[${this.#seconds}] ${text}`);
    if (texts.length > 0) this.#seconds = undefined;
    return seen || /^\s*[[\]{},"]/.test(line) ? lines : undefined;
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
