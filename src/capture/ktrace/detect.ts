import type { Clock } from '../packets/index.js';
import { parseBpftraceLine } from './bpftrace-line.js';
import { parseDumpLine } from './dump-line.js';
import { EventLines, parseLoss } from './event-line.js';
import { isWrapped } from './unwrap.js';

/** What a tracer prints before its first event. */
const HEADER =
  /^(?:# tracer: |# entries-in-buffer\/|cpus=\d+$|Attaching \d+ probes?\.\.\.|Attached \d+ probes?$)/;
/** Processor, time and event, as the lines of all tracers have them. */
const PROCESSOR = /\d\s+(?:\(\s*[\d-]+\) )?\[\d{3,}\]/;
const TIME_AND_EVENT = /\d\.\d{6,9}: +[A-Za-z_][\w:-]*: /;

/** Lines at the beginning of a text that are looked at. */
const LINES_MAX = 2000;
const CLOCK: Clock = 'local';

/**
 * Whether a text is a `trace` of a tracer, or a kernel `log` in which a Gunyah driver dumps its messages; undefined: it
 * is neither, as far as its first lines tell.
 */
export function detectKernelTrace(text: string): 'trace' | 'log' | undefined {
  if (isWrapped(text)) return /^\s*\{\s*"type"/.test(text) ? 'trace' : 'log';
  const events = new EventLines();
  for (const line of text.split(/\r?\n/, LINES_MAX)) {
    if (HEADER.test(line) || parseBpftraceLine(line) !== undefined || parseLoss(line) !== undefined)
      return 'trace';
    if (parseDumpLine(line) !== undefined) return 'log';
    if (events.parse(line, CLOCK) !== undefined || isAnyEvent(line)) return 'trace';
  }
  return undefined;
}

/** A line of an event that has nothing to do with message queues. */
function isAnyEvent(line: string): boolean {
  return line.length < 512 && PROCESSOR.test(line) && TIME_AND_EVENT.test(line);
}
