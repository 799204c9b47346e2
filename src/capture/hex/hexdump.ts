import { GrowingBuffer } from '../packets/index.js';
import { DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { startsRpcMessage } from './messages.js';
import { offsetGrammar } from './offset-dump.js';

/** Two spaces after the offset, single bytes. */
const LINE = /^[0-9a-f]{7,16} {2}[0-9a-f]{2}(?: |$)/i;

/** Lines that begin with an offset, in hexdump and od. */
export const PLAIN_OFFSET = /^\s*([0-9a-f]{4,16})(?: +|$)/i;

const grammar = offsetGrammar(PLAIN_OFFSET, { inMemoryOrder: false, spacesEnd: false });

export const hexdumpForm = textForm({
  name: 'hexdump',
  summary: 'what hexdump -C prints; each dump is a message',
  example: `00000000  21 01 04 00 04 00 00 56  80 00 00 00              |!......V....|
0000000c`,
  recognise: byLine((line, isFirst) => {
    const row = new GrowingBuffer();
    if (!LINE.test(line) || grammar.parse(line, row) === undefined) return false;
    return isFirst || startsRpcMessage(row);
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
