import { GrowingBuffer } from '../packets/index.js';
import { DumpReader } from './dump.js';
import { byLine, textForm } from './form.js';
import { offsetGrammar } from './offset-dump.js';

/** Offset, two spaces (tshark) or three (Wireshark), pairs of digits. */
const OFFSET = /^\s*([0-9a-f]{4,8}) {2,3}(?=[0-9a-f]{2}(?: |$))/i;
/** The first line of a packet. */
const FIRST = /^\s*0000 {2,3}[0-9a-f]{2}(?: |$)/i;
/** Title of data that Wireshark made of several packets; the packets themselves are printed too. */
const MADE = /^(?:Reassembled|Decompressed|Decrypted|Unfragmented)\b.{0,80}\(\d+ bytes\):$/;

const grammar = {
  ...offsetGrammar(OFFSET, { inMemoryOrder: true, spacesEnd: true }, () => [16]),
  isPacket: true,
  hasTitles: true,
} as const;

export const wiresharkForm = textForm({
  name: 'wireshark',
  summary:
    'what "copy as hex dump" of Wireshark gives and tshark -x prints: packets of a capture, or messages',
  example: `0000  00 0c 00 0c 67 75 6e 79 61 68 5f 72 6d 00 00 00   ....gunyah_rm...
0010  00 00 00 00 03 00 ff 00 21 01 04 00 04 00 00 56   ........!......V
0020  80 00 00 00                                       ....`,
  recognise: byLine((line) => FIRST.test(line) && grammar.parse(line, new GrowingBuffer()) !== undefined),
  reader: (assembler, isGiven) => {
    const dumps = new DumpReader(grammar, assembler, isGiven);
    let isMade = false;
    return {
      line: (text, number, offset) => {
        if (MADE.test(text)) isMade = true;
        else if (/^\S.*\(\d+ bytes\):$/.test(text)) isMade = false;
        else if (!isMade) dumps.line(text, number, offset);
      },
      end: () => dumps.end(),
    };
  },
});
