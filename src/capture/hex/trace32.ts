import { GrowingBuffer } from '../packets/index.js';
import { beginsDump, type DumpGrammar, DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { hexEnd, readGroup } from './groups.js';

/** Access class, address (`_` in the middle of 64 bits), a bar, and a mark at the line of the cursor. */
const ADDRESS =
  /^\s*(?:[A-Z]{1,8}:)?(?:0x)?(?:[0-9a-f]{1,4}:{1,3})?([0-9a-f]{4,16}|[0-9a-f]{8}_[0-9a-f]{8})\|[> ]?\s*/i;
/** Bytes of a line. What stands behind them is the text column, after a single space. */
const ROW_SIZE = 16;

const grammar: DumpGrammar = {
  hasTitles: true,
  parse: (line: string, row: GrowingBuffer) => {
    row.clear();
    const match = ADDRESS.exec(line);
    if (match === null) return undefined;
    let at = match[0].length;
    const width = hexEnd(line, at) - at;
    while (row.length < ROW_SIZE && at < line.length) {
      const end = hexEnd(line, at);
      if (end - at !== width || !readGroup(line, at, end, false, row)) break;
      at = line[end] === ' ' ? end + 1 : end;
      if (line[at] === ' ') break;
    }
    if (row.length === 0) return undefined;
    return {
      name: '',
      offset: (match[1] as string).replace('_', ''),
      isAddress: false,
      radixes: [16],
      groupSize: width / 2,
      width,
    };
  },
};

export const trace32Form = textForm({
  name: 'trace32',
  summary:
    'what Data.dump of Trace32 prints, as bytes or little-endian words, 16 bytes a line; addresses that follow make a message',
  example: `  address|_0________4________8________C________0123456789ABCDEF
SD:80001000|>00040121 56000004 00000080 00000000 !......V........`,
  recognise: byLine((line) => {
    const row = new GrowingBuffer();
    const dumpLine = grammar.parse(line, row);
    return dumpLine !== undefined && beginsDump(dumpLine, row);
  }),
  reader: (assembler, isGiven) => new DumpReader(grammar, assembler, isGiven),
});
