import { GrowingBuffer } from '../packets/index.js';
import { type DumpGrammar, type DumpLine, DumpReader } from './dump.js';
import { textForm } from './form.js';
import { digitOf, hexEnd, readGroups, readLoneRest } from './groups.js';
import { shownLines, withoutPrefixes } from './line-prefixes.js';
import { beginsHeader, type MessageAssembler, startsRpcMessage } from './messages.js';

/** What dmesg, /dev/kmsg readers, syslog and journalctl put before the text of a kernel message. */
const STAMP =
  /^(?:<\d+>)?(?:[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ kernel: |\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-][\d:]+) (?:\S+ kernel: )?)?(?:\[[^\]]{0,40}\d[.:]\d[^\]]{0,40}\](?:\s*\[\s*[TC]\d+\])? ?)?/;

/** print_hex_dump: "%s%.8x: " for an offset, "%s%p: " for an address. The name comes without a separator. */
const OFFSET = /(?<![0-9a-fx])(?:0x)?([0-9a-f]{8,16}|\(_+ptrval_+\)): /gi;

const OFFSET_DIGITS_MIN = 8;

/**
 * A message at the end of a line, as %*ph and its kin print it: bytes with one and the same mark between, or with
 * nothing. Two bytes between marks are an address of IPv6, and 16 digits alone are a number.
 */
const TAIL = /^(?:(?:[0-9a-f]{2}){9,}|(0x)?[0-9a-f]{2}([ :-])(?:\1[0-9a-f]{2}\2){6,}\1[0-9a-f]{2})$/i;
/** Where it may begin. */
const TAIL_START = /(?<![0-9a-z])(?:0x)?21/gi;
/** Its digits and separators. */
const TAIL_CHARS = '0123456789abcdefABCDEFxX :-';
const TAIL_END = /[\])}>"'`;.]+$/;
/** What stands before it in a line of a dump: no name. */
const OFFSET_ALONE = /^[\s\da-fx:,.`|]+$/i;
/** Numbers that may look like the first byte of a message before it. */
const TAIL_STARTS_MAX = 4;

/** Longest text that is searched for a kernel dump line, which has at most 32 bytes and a prefix. */
const LINE_MAX = 4096;

const groups = { inMemoryOrder: false, spacesEnd: true };

const grammar: DumpGrammar = { isLog: true, parse };

export const kernelLogForm = textForm({
  name: 'dmesg',
  summary:
    "the kernel's print_hex_dump in a log, or after a name; each dump is a message, other lines are left out",
  example: `[   12.345678] rm tx: 00000000: 21 01 04 00 04 00 00 56 80 00 00 00              !......V....`,
  recognise: () => {
    let hasStamp = false;
    return {
      line: (line) => {
        hasStamp ||= (STAMP.exec(line)?.[0].length ?? 0) > 0;
        return isOf(line) ? 'yes' : 'later';
      },
      end: () => hasStamp && 'perhaps',
    };
  },
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
    if (!mayMatter(line)) {
      this.#reader.otherLine();
      return;
    }
    const { text } = line;
    // Lines may end with CR alone.
    const lines = text.includes('\r') ? shownLines(text) : [text];
    for (const one of lines) this.#reader.line(one, number, offset);
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
  let groups = 0;
  let others = 0;
  let last = end;
  while (last > start && CLOSING[data[last - 1] as number] === 1) last--;
  for (let at = start; at < last; at++) {
    const char = data[at] as number;
    if (digitOf(char) >= 0) {
      digits++;
      continue;
    }
    if (char === SPACE) {
      groups = isGroup(digits) ? groups + 1 : 0;
      if (groups >= GROUPS_MIN || (groups > 0 && (at + 1 >= end || data[at + 1] === SPACE))) return true;
    } else if (char > ASCII_MAX) {
      return true;
    } else if (char > SPACE) {
      others++;
    }
    digits = 0;
  }
  return isGroup(digits) || digits > GROUP_MAX || others < 2;
}

/** 1 for what may stand behind the bytes of a message at the end of a line. */
const CLOSING = Uint8Array.from({ length: 256 }, (_, char) =>
  TAIL_END.test(String.fromCharCode(char)) ? 1 : 0,
);

/** Groups in a row that are no prose, whatever follows them. */
const GROUPS_MIN = 3;
/** Digits of the longest number. */
const GROUP_MAX = 16;
const SPACE = 0x20;
const HASH = 0x23;
const ASCII_MAX = 0x7e;

/** Digits of a number as `readGroup` takes it. */
function isGroup(digits: number): boolean {
  return digits === 2 || digits === 4 || digits === 8 || digits === 16;
}

function isOf(line: string): boolean {
  const row = new GrowingBuffer();
  const parsed = parse(line, row);
  if (parsed === undefined) return false;
  return parsed.offset !== undefined || (parsed.name !== '' && startsRpcMessage(row));
}

function parse(line: string, row: GrowingBuffer): DumpLine | undefined {
  row.clear();
  if (line.length > LINE_MAX) return undefined;
  const text = withoutPrefixes(shownLines(line).at(-1) ?? '').trimStart();
  for (const match of mayHaveOffset(text) ? text.matchAll(OFFSET) : []) {
    const start = match.index + match[0].length;
    const isRest = !readGroups(groups, text, start, row);
    if (isRest && !readLoneRest(text, start, row)) continue;
    const offset = match[1] as string;
    return { ...lineOf(text, match.index, start, offset), isAddress: offset.length > 8, isRest };
  }
  // Without an offset the bytes follow the name, which by custom ends with a colon, or nothing at all.
  for (let at = 0; ; ) {
    if (readGroups(groups, text, at, row)) {
      const isName = at === 0 || !OFFSET_ALONE.test(text.slice(0, at));
      return isName ? lineOf(text, at, at, undefined) : undefined;
    }
    const colon = text.indexOf(': ', at);
    if (colon < 0) break;
    at = colon + 2;
  }
  const at = readTail(text, row);
  return at < 0 ? undefined : lineOf(text, at, at, undefined);
}

/** Whether a colon stands behind eight digits, or behind a bracket: a cheap test before OFFSET is looked for. */
function mayHaveOffset(text: string): boolean {
  for (let colon = text.indexOf(': '); colon >= 0; colon = text.indexOf(': ', colon + 1)) {
    const from = colon - OFFSET_DIGITS_MIN;
    if (text[colon - 1] === ')' || (from >= 0 && hexEnd(text, from) >= colon)) return true;
  }
  return false;
}

function lineOf(text: string, nameEnd: number, start: number, offset: string | undefined): DumpLine {
  const groupSize = (hexEnd(text, start) - start) / 2;
  return { name: text.slice(0, nameEnd), offset, isAddress: false, radixes: [16], groupSize };
}

/** Reads the message at the end of a line. @returns the index at which it begins, -1 if there is none. */
function readTail(text: string, row: GrowingBuffer): number {
  row.clear();
  // As most lines.
  if (!text.includes('21')) return -1;
  const inner = text.trimEnd().replace(TAIL_END, '');
  let from = inner.length;
  while (from > 0 && TAIL_CHARS.includes(inner[from - 1] as string)) from -= 1;
  const starts = [...inner.slice(from).matchAll(TAIL_START)].slice(0, TAIL_STARTS_MAX);
  for (const { index } of starts) {
    const tail = inner.slice(from + index);
    if (!TAIL.test(tail)) continue;
    row.clear();
    for (const [pair] of tail.replace(/0x/gi, '').matchAll(/[0-9a-f]{2}/gi))
      row.push(Number.parseInt(pair, 16));
    if (beginsHeader(row) && !OFFSET_ALONE.test(inner.slice(0, from + index))) return from + index;
  }
  return -1;
}
