import { GrowingBuffer } from '../packets/index.js';
import { type DumpGrammar, type DumpLine, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { digitOf, readGroups } from './groups.js';
import { type MessageAssembler, startsRpcMessage } from './messages.js';

/** What dmesg, /dev/kmsg readers, syslog and journalctl put before the text of a kernel message. */
const STAMP =
  /^(?:<\d+>)?(?:[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ kernel: |\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-][\d:]+) (?:\S+ kernel: )?)?(?:\[[^\]]{0,40}\d[.:]\d[^\]]{0,40}\](?:\s*\[\s*[TC]\d+\])? ?)?/;

/** print_hex_dump: "%s%.8x: " for an offset, "%s%p: " for an address. The name comes without a separator. */
const OFFSET = /(?<![0-9a-f])([0-9a-f]{8}(?:[0-9a-f]{8})?|\(_+ptrval_+\)): /gi;

/** Longest text that is searched for a kernel dump line, which has at most 32 bytes and a prefix. */
const LINE_MAX = 4096;

const groups = { inMemoryOrder: false, spacesEnd: true };

const grammar: DumpGrammar = { isLog: true, parse };

export const kernelLogForm = textForm({
  name: 'dmesg',
  summary:
    "the kernel's print_hex_dump in a log, or after a name; each dump is a message, other lines are left out",
  example: `[   12.345678] rm tx: 00000000: 21 01 04 00 04 00 00 56 80 00 00 00              !......V....`,
  recognise: byLine(isOf),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});

/** A line as bytes [start, end) of `data`, and as text for who asks. */
export interface LogLine {
  readonly data: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Reads the dumps among the lines of a kernel's log. The caller cuts the log into lines. */
export class KernelLogLines {
  readonly #reader: DumpReader;

  constructor(assembler: MessageAssembler) {
    this.#reader = new DumpReader(grammar, assembler, false);
  }

  line(line: LogLine, number: number, offset: number): void {
    if (mayMatter(line)) this.#reader.line(line.text, number, offset);
    else this.#reader.otherLine();
  }

  end(): void {
    this.#reader.end();
  }
}

/**
 * A cheap test, since most lines of a log are prose. A dump has digits that end where the line or a column does. Blank
 * lines, comments and the `*` of repeated lines matter to a dump in progress.
 */
function mayMatter({ data, start, end }: LogLine): boolean {
  if (end - start > LINE_MAX || data[start] === HASH) return true;
  let digits = 0;
  let others = 0;
  for (let at = start; at < end; at++) {
    const char = data[at] as number;
    if (digitOf(char) >= 0) {
      digits++;
      continue;
    }
    if (char === SPACE) {
      if (isGroup(digits) && (at + 1 >= end || data[at + 1] === SPACE)) return true;
    } else if (char > ASCII_MAX) {
      return true;
    } else if (char > SPACE) {
      others++;
    }
    digits = 0;
  }
  return isGroup(digits) || others < 2;
}

const SPACE = 0x20;
const HASH = 0x23;
const ASCII_MAX = 0x7e;

/** Digits of a number as `readGroup` takes it. */
function isGroup(digits: number): boolean {
  return digits === 2 || digits === 4 || digits === 8 || digits === 16;
}

function isOf(line: string): boolean {
  if (hasStamp(line)) return true;
  const row = new GrowingBuffer();
  const parsed = parse(line, row);
  if (parsed === undefined) return false;
  return parsed.offset !== undefined || (parsed.name !== '' && startsRpcMessage(row));
}

/** Whether a line begins with what dmesg, syslog or journalctl print before a kernel message. */
function hasStamp(line: string): boolean {
  return (STAMP.exec(line)?.[0].length ?? 0) > 0;
}

function parse(line: string, row: GrowingBuffer): DumpLine | undefined {
  row.clear();
  if (line.length > LINE_MAX) return undefined;
  const text = line.slice(STAMP.exec(line)?.[0].length ?? 0);
  for (const match of text.matchAll(OFFSET)) {
    if (!readGroups(groups, text, match.index + match[0].length, row)) continue;
    const offset = match[1] as string;
    return { name: text.slice(0, match.index), offset, isAddress: offset.length > 8, radix: 16 };
  }
  // Without an offset the bytes follow the name, which by custom ends with a colon, or nothing at all.
  for (let at = 0; ; ) {
    if (readGroups(groups, text, at, row)) {
      return { name: text.slice(0, at), offset: undefined, isAddress: false, radix: 16 };
    }
    const colon = text.indexOf(': ', at);
    if (colon < 0) return undefined;
    at = colon + 2;
  }
}
