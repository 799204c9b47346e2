import { GrowingBuffer } from '../packets/index.js';
import { beginsDump, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { HEADER_SIZE } from './messages.js';
import { offsetGrammar } from './offset-dump.js';

/** Offset, or an address as lldb prints it, and colon; 010 Editor prints `h:`, J-Link `=`. It has at least 4 digits, so that `21:01:…` does not match. */
const OFFSET = /^\s*(?:0x)?([0-9a-f]{4,16})(?:h?:| =)(?:\s+|$)/i;
/** At least 8 digits (7 in old versions), a colon, a space. */
const LINE = /^[0-9a-f]{7,16}: [0-9a-f]/i;
/** The kernel's groups are numbers: the first byte of an RPC header is the last of its group. */
const WORD_OF_RPC = /^[0-9a-f]{7,16}: (?!21)(?:[0-9a-f]{2}){1,7}21(?: |$)/i;

const grammar = offsetGrammar(OFFSET, { inMemoryOrder: true, spacesEnd: true }, () => [16, 10]);

export const xxdForm = textForm({
  name: 'xxd',
  summary: 'what xxd prints; each dump is a message',
  example: `00000000: 2101 0400 0400 0056 8000 0000            !......V....`,
  recognise: byLine((line, isFirst) => {
    const row = new GrowingBuffer();
    const dumpLine = grammar.parse(line, row);
    if (dumpLine === undefined || row.length === 0 || WORD_OF_RPC.test(line)) return false;
    return (isFirst && LINE.test(line)) || (row.length >= HEADER_SIZE && beginsDump(dumpLine, row));
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
