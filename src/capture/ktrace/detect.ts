import type { Clock } from '../packets/index.js';
import { BpftraceLines } from './bpftrace-line.js';
import { DumpLines } from './dump-line.js';
import { EventLines, parseLoss } from './event-line.js';
import { Line } from './line.js';
import { OwnScriptLines } from './own-script-line.js';
import { Unwrapper, wrapped } from './unwrap.js';

/** What a tracer prints before its first event. */
const HEADER =
  /^(?:# tracer: |# entries-in-buffer\/|cpus=\d+$|Attaching \d+ probes?\.\.\.|Attached \d+ probes?$)/;
/** Processor, time and event, as the lines of all tracers have them. */
const PROCESSOR = /\d\s+(?:\(\s*[\d-]+\) )?\[\d{3,}\]/;
/** An event with the trace option raw: thread, processor, time, and a number instead of a name. */
const RAW_EVENT = /^\s*\d+ \d+ \d+ type: \d+$/;
const TIME_AND_EVENT = /\d\.\d{6,9}: +[A-Za-z_][\w:-]*: /;

/** Lines at the beginning of a text that are looked at. */
const LINES_MAX = 2000;
const CLOCK: Clock = 'local';

/** Tells by its first lines whether a text is a kernel trace or log. */
export class KernelTraceDetector {
  readonly #events = new EventLines();
  readonly #bpftrace = new BpftraceLines();
  readonly #ownScripts = new OwnScriptLines();
  readonly #dumps = new DumpLines();
  readonly #unwrapper = new Unwrapper();
  #count = 0;
  /** The lines so far that hold something, while they may be the beginning of JSON. */
  #start = '';

  /**
   * Takes the next line. @returns `trace`: the text is what a tracer prints; `log`: a kernel log in which a Gunyah
   * driver dumps its messages; undefined: neither, as far as the lines tell.
   */
  line(given: string): 'trace' | 'log' | undefined {
    this.#count += 1;
    if (this.#count > LINES_MAX) return undefined;
    if (this.#count <= JSON_LINES) {
      this.#start += `${given}\n`;
      const found = wrapped(this.#start);
      if (found !== undefined) return found;
    }
    const inside = /^\s*(?:- \{)?["[{]/.test(given) ? this.#unwrapper.json(given) : undefined;
    return this.#plain(given) ?? this.#first(inside ?? []);
  }

  #first(lines: readonly string[]): 'trace' | 'log' | undefined {
    for (const line of lines) {
      const found = this.#plain(line);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #plain(given: string): 'trace' | 'log' | undefined {
    const line = new Line();
    const { data, start, end } = Line.of(given);
    line.setPlain(data, start, end);
    const { text } = line;
    if (HEADER.test(text) || this.#bpftrace.parse(line) !== undefined || parseLoss(text) !== undefined)
      return 'trace';
    if (this.#dumps.parse(line) !== undefined) return 'log';
    const isEvent = this.#events.parse(line, CLOCK) !== undefined || isAnyEvent(text);
    const isPrinted =
      this.#bpftrace.parseWithin(line) !== undefined || this.#ownScripts.parse(line) !== undefined;
    return isEvent || isPrinted ? 'trace' : undefined;
  }
}

/** Lines by which JSON shows what it wraps. */
const JSON_LINES = 8;

/** A line of an event that has nothing to do with message queues. */
function isAnyEvent(line: string): boolean {
  if (line.length >= 512) return false;
  return (PROCESSOR.test(line) && TIME_AND_EVENT.test(line)) || RAW_EVENT.test(line);
}
