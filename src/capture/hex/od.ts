import { GrowingBuffer } from '../packets/index.js';
import { beginsDump, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { PLAIN_OFFSET } from './hexdump.js';
import { HEADER_SIZE } from './messages.js';
import { offsetGrammar } from './offset-dump.js';

/** od -A x has 6 digits and begins with zeros; od and hexdump without options have 7, which no bytes have. */
const LINE = /^\s*(?:0000[0-9a-f]{2}|[0-9a-f]{7}) +[0-9a-f]{2,16}(?: |$)/i;
/** od -t x1 without -A: octal, 7 digits. hexdump's 7 digits are hexadecimal, and stand before 16-bit words. */
const OCTAL_OFFSET = /^\s*[0-7]{7} [0-9a-f]{2}(?: |$)/i;

const grammar = offsetGrammar(PLAIN_OFFSET, { inMemoryOrder: false, spacesEnd: false }, (line) =>
  OCTAL_OFFSET.test(line) ? [8, 16, 10] : [16, 8, 10],
);

export const odForm = textForm({
  name: 'od',
  summary:
    'what od -t x1 prints (also x2, x4, x8, -A x, -A d), and hexdump without options; each dump is a message',
  example: `0000000 21 01 04 00 04 00 00 56 80 00 00 00
0000014`,
  recognise: byLine((line, isFirst) => {
    const row = new GrowingBuffer();
    const dumpLine = LINE.test(line) ? grammar.parse(line, row) : undefined;
    return dumpLine !== undefined && (isFirst || (row.length >= HEADER_SIZE && beginsDump(dumpLine, row)));
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
