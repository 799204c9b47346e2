import { GrowingBuffer } from '../packets/index.js';
import { type DumpGrammar, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';

const OFFSET = /^([0-9a-f]{7,16}): /i;
const BITS = /([01]{8})( *)/y;
/** 0x21, with which every message begins. As hex digits it would be a message that begins with 0x00. */
const FIRST = /^[0-9a-f]{7,16}: 00100001 [01]{8}(?: |$)/i;

const grammar: DumpGrammar = {
  parse: (line: string, row: GrowingBuffer) => {
    row.clear();
    const match = OFFSET.exec(line);
    if (match === null) return undefined;
    BITS.lastIndex = match[0].length;
    for (let bits = BITS.exec(line); bits !== null; bits = BITS.exec(line)) {
      row.push(Number.parseInt(bits[1] as string, 2));
      // Two spaces stand before the text column.
      if (bits[2] !== ' ') break;
    }
    if (row.length === 0) return undefined;
    return { name: '', offset: match[1], isAddress: false, radixes: [16, 10], groupSize: 1 };
  },
};

export const xxdBitsForm = textForm({
  name: 'xxd-b',
  summary: 'what xxd -b prints: bytes as bits; each dump is a message',
  example: `00000000: 00100001 00000001 00000100 00000000 00000100 00000000  !.....
00000006: 00000000 01010110 10000000 00000000 00000000 00000000  .V....`,
  recognise: byLine((line) => FIRST.test(line) && grammar.parse(line, new GrowingBuffer()) !== undefined),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
