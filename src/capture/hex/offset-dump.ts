import { defined } from '../../base/defined.js';
import type { GrowingBuffer } from '../packets/index.js';
import type { DumpGrammar } from './dump.js';
import { type GroupStyle, hexEnd, readGroups } from './groups.js';

/** The grammar of lines that have an offset, groups of digits, and maybe a text column. */
export function offsetGrammar(
  offset: RegExp,
  groups: GroupStyle,
  radixOf: (line: string) => 8 | 16 = () => 16,
): DumpGrammar {
  return {
    parse: (line: string, row: GrowingBuffer) => {
      row.clear();
      const match = offset.exec(line);
      if (match === null) return undefined;
      if (match[0].length < line.length && !readGroups(groups, line, match[0].length, row)) return undefined;
      const start = match[0].length;
      const width = groups.inMemoryOrder ? undefined : hexEnd(line, start) - start;
      return { name: '', offset: match[1], isAddress: false, radix: radixOf(line), ...defined({ width }) };
    },
  };
}
