import { GrowingBuffer } from '../packets/index.js';
import { isBlank, isComment, startsRpcMessage } from './messages.js';
import { type HexStyle, hasKernelStamp, parseDumpLine } from './styles.js';

/** Size in bytes of the beginning of a file that is used to detect its style. */
export const DETECT_SIZE = 64 * 1024;

/** xxd: at least 8 digits (7 in old versions), a colon, a space. */
const XXD_LINE = /^[0-9a-f]{7,16}: [0-9a-f]/i;
/** hexdump -C: two spaces after the offset, single bytes. */
const HEXDUMP_LINE = /^[0-9a-f]{7,16} {2}[0-9a-f]{2}(?: |$)/i;
/** od -A x has 6 digits and begins with zeros; od and hexdump without options have 7, which no bytes have. */
const OD_LINE = /^(?:0000[0-9a-f]{2}|[0-9a-f]{7}) +[0-9a-f]{2,16}(?: |$)/i;
/** A line of hex. It may have a mistake, which the reader then reports with its place. */
const MESSAGE_LINE = /^(?:\s*(?:0x[0-9a-f]+|\d+)\s*>\s*(?:0x[0-9a-f]+|\d+)(?:\s|$))?[0-9a-fx\s:,]*$/i;
const PLAIN_LINE = /^[0-9a-f]{1,60}$/i;
const FULL_PLAIN_LINE = 60;
const RPC_FIRST_DIGITS = '21';
/** A group of several bytes printed by the kernel as one number: the first byte of an RPC header is the last of the group. */
const WORD_OF_RPC = /^[0-9a-f]{7,16}: (?!21)(?:[0-9a-f]{2}){1,7}21(?: |$)/i;

/**
 * The style of a text from its beginning (DETECT_SIZE bytes, or all of it); undefined when it is no hex text.
 * Which of `hex` and `xxd-p` a bare text is depends on all its lines: "exactly 60 digits of which only the last is
 * shorter" is one dump (protocol/capture-format.md). When the last is full too, the text is one dump unless every
 * line starts as an RPC message does: the largest queue message, 240 bytes, is eight full lines.
 */
export function detectHexStyle(prefix: Uint8Array): HexStyle | undefined {
  if (prefix.includes(0)) return undefined;
  const lines = new TextDecoder().decode(prefix.subarray(0, DETECT_SIZE)).split(/\r?\n/);
  // The last line may be cut.
  if (prefix.length >= DETECT_SIZE && lines.length > 1) lines.pop();
  const wanted = lines.filter((line) => !isBlank(line) && !isComment(line));
  const first = wanted[0];
  if (first === undefined) return undefined;
  return styleOfFirstLine(first) ?? styleOfAllLines(first, wanted);
}

function styleOfFirstLine(line: string): HexStyle | undefined {
  const row = new GrowingBuffer();
  if (hasKernelStamp(line)) return 'dmesg';
  if (XXD_LINE.test(line) && parseDumpLine('xxd', line, row) !== undefined) {
    return WORD_OF_RPC.test(line) ? 'dmesg' : 'xxd';
  }
  if (HEXDUMP_LINE.test(line) && parseDumpLine('hexdump', line, row) !== undefined) return 'hexdump';
  if (OD_LINE.test(line) && parseDumpLine('od', line, row) !== undefined) return 'od';
  return undefined;
}

function styleOfAllLines(first: string, lines: readonly string[]): HexStyle | undefined {
  if (MESSAGE_LINE.test(first)) return isPlainDump(lines) ? 'xxd-p' : 'hex';
  const row = new GrowingBuffer();
  for (const line of lines) {
    if (hasKernelStamp(line)) return 'dmesg';
    const parsed = parseDumpLine('dmesg', line, row);
    if (parsed !== undefined && (parsed.offset !== undefined || startsRpcMessage(row))) return 'dmesg';
  }
  return undefined;
}

function isPlainDump(lines: readonly string[]): boolean {
  if (lines.length < 2 || !lines.every((line) => PLAIN_LINE.test(line))) return false;
  if (!lines.slice(0, -1).every((line) => line.length === FULL_PLAIN_LINE)) return false;
  if ((lines.at(-1) as string).length < FULL_PLAIN_LINE) return true;
  return !lines.every((line) => line.startsWith(RPC_FIRST_DIGITS));
}
