import type { GrowingBuffer } from '../packets/index.js';
import type { DumpGrammar, Radix } from './dump.js';
import { type GroupStyle, hexEnd, readGroups } from './groups.js';

/** The grammar of lines that have an offset, groups of digits, and maybe a text column. @param radixes as in DumpLine. */
export function offsetGrammar(
  offset: RegExp,
  groups: GroupStyle,
  radixesOf: (line: string) => readonly Radix[],
): DumpGrammar {
  return {
    parse: (line: string, row: GrowingBuffer) => {
      row.clear();
      const match = offset.exec(line);
      if (match === null) return undefined;
      const start = match[0].length;
      if (start < line.length && !readGroups(groups, line, start, row)) return undefined;
      const width = hexEnd(line, start) - start;
      return {
        name: '',
        offset: (match[1] as string).replace('`', ''),
        isAddress: false,
        radixes: radixesOf(line),
        groupSize: width / 2,
        ...(groups.inMemoryOrder ? {} : { width }),
      };
    },
  };
}
