import { GrowingBuffer } from '../packets/index.js';
import { beginsDump, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { isMessageLine } from './message-line.js';
import { HEADER_SIZE } from './messages.js';
import { offsetGrammar } from './offset-dump.js';

/** Two spaces after the offset, single bytes. */
const LINE = /^[0-9a-f]{8,16} {2}[0-9a-f]{2}(?: |$)/i;

/** Lines that begin with an offset, in hexdump and od. */
export const PLAIN_OFFSET = /^\s*([0-9a-f]{4,16})(?: +|$)/i;
/** No offset of od, which has fewer digits. strace has five, behind a bar. */
const WIDE = /^(?:[\s|\u2502]*(?:0x|[0-9a-f]{8})|\s*\|\s+[0-9a-f]{5} {2})/i;

/** The same in other programs: an address in two parts, after 0x, before a line that is drawn. */
const OFFSET = /^[\s|\u2502]*(?:0x)?([0-9a-f]{5,16}|[0-9a-f]{8}`[0-9a-f]{8})(?:[ \t\u2502]+|$)/i;

const grammar = offsetGrammar(OFFSET, { inMemoryOrder: false, spacesEnd: false }, () => [16]);

export const hexdumpForm = textForm({
  name: 'hexdump',
  summary:
    'what hexdump -C prints, and other dumps whose offsets have no colon (hexyl, HxD, Format-Hex, WinDbg); each dump is a message',
  example: `00000000  21 01 04 00 04 00 00 56  80 00 00 00              |!......V....|
0000000c`,
  recognise: byLine((line, isFirst) => {
    const row = new GrowingBuffer();
    const isDump = LINE.test(line) || (WIDE.test(line) && !isMessageLine(line));
    const dumpLine = isDump ? grammar.parse(line, row) : undefined;
    if (dumpLine === undefined || row.length === 0) return false;
    return (isFirst && LINE.test(line)) || (row.length >= HEADER_SIZE && beginsDump(dumpLine, row));
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
