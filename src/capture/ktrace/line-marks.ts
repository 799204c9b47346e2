import { isFirstField } from './bpftrace-line.js';
import { isDriverName } from './dump-line.js';
import { code, isDigit, type Line, Names, wordChars } from './line.js';
import { isSizeName } from './own-script-line.js';

/** What stands somewhere in a line, and who looks for it. */
export const Mark = {
  /** The name of a driver's function: dumps. */
  driver: 1,
  /** A field of a message as the scripts of `capture` name it. */
  field: 2,
  /** A size as scripts of users name it. */
  size: 4,
} as const;

/** No line with a message of bpftrace or of a dump is longer. */
const LINE_MAX = 4096;
const G = 0x67;

/**
 * Tells in one pass what a line may be. A log is full of lines that are nothing, and each kind of line that is looked
 * for anywhere in them would take a pass of its own.
 */
export class LineMarks {
  readonly #isSize = new Names(isSizeName);

  of({ data, start, end }: Line): number {
    if (end - start > LINE_MAX) return 0;
    let marks = 0;
    for (let at = start; at < end; at++) {
      const char = data[at];
      if (char === G && isDriverName(data, at)) marks |= Mark.driver;
      else if (char === code.equals || char === code.colon) {
        if (isFirstField(data, at)) marks |= Mark.field;
        if (this.#isSizeAt(data, start, at, end)) marks |= Mark.size;
      }
    }
    return marks;
  }

  /** Whether the name of a size stands in front of a colon or an equals sign, and a number behind it. */
  #isSizeAt(data: Uint8Array, start: number, sign: number, end: number): boolean {
    let nameEnd = sign;
    while (nameEnd > start && data[nameEnd - 1] === code.space) nameEnd--;
    if (nameEnd === start || SIZE_LETTERS[data[nameEnd - 1] as number] === 0) return false;
    let value = sign + 1;
    while (value < end && data[value] === code.space) value++;
    if (value === end || !isDigit(data[value] as number)) return false;
    let name = nameEnd;
    while (name > start && wordChars[data[name - 1] as number] === 1) name--;
    return this.#isSize.get(data, name, nameEnd);
  }
}

/** The last letters of size, len, length, count, nbytes, sz and n. */
const SIZE_LETTERS = Uint8Array.from({ length: 256 }, (_, char) =>
  'enhtsz'.includes(String.fromCharCode(char).toLowerCase()) ? 1 : 0,
);
