import { GrowingBuffer } from '../packets/index.js';
import { beginsDump, type DumpGrammar, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { hexEnd, readGroup } from './groups.js';

/** Address, maybe a symbol, a colon. */
const ADDRESS = /^(?:\((?:gdb|qemu)\) )?\s*(?:0x)?([0-9a-f]{1,16})(?: <[^<>]{1,200}>)?:\s/i;

const grammar: DumpGrammar = {
  hasTitles: true,
  parse: (line: string, row: GrowingBuffer) => {
    row.clear();
    const match = ADDRESS.exec(line);
    if (match === null) return undefined;
    let width = 0;
    for (const group of line.slice(match[0].length).trim().split(/\s+/)) {
      const end = hexEnd(group, 2);
      if (width === 0) width = end - 2;
      // All groups have the width that was asked for.
      if (!/^0x/i.test(group) || end !== group.length || end - 2 !== width) return undefined;
      if (!readGroup(group, 2, end, false, row)) return undefined;
    }
    return { name: '', offset: match[1], isAddress: false, radixes: [16], groupSize: width / 2, width };
  },
};

export const gdbForm = textForm({
  name: 'gdb',
  summary:
    'what x/16xb of gdb prints, also x/xh, x/xw and x/xg (little-endian); addresses that follow make a message',
  example: `0x4020 <msg>:	0x21	0x01	0x04	0x00	0x04	0x00	0x00	0x56
0x4028 <msg+8>:	0x80	0x00	0x00	0x00`,
  recognise: byLine((line) => {
    const row = new GrowingBuffer();
    const dumpLine = grammar.parse(line, row);
    return dumpLine !== undefined && beginsDump(dumpLine, row);
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
