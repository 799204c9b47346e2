import { code, hexDigits, latin1 } from './line.js';
import { QUEUE_MESSAGE_MAX } from './message.js';

/**
 * Bytes as `%r`, `%rx` and `%rh` of bpftrace print them. `%rh` is plain hex with spaces. `%rx` escapes every byte, `%r`
 * those that cannot be printed, and neither escapes a backslash: only `\x` with two digits is an escape. The announced
 * size tells the forms apart where text happens to be hex.
 */
export class PrintedBytes {
  readonly bytes = new Uint8Array(QUEUE_MESSAGE_MAX);

  /**
   * Reads all of [start, end) into `bytes`. Fewer than `size` were cut by the tracer.
   *
   * @returns their number, undefined when these are not the bytes of a message of `size` bytes.
   */
  read(data: Uint8Array, start: number, end: number, size: number): number | undefined {
    const hex = this.#hex(data, start, end);
    if (hex !== undefined && (hex === size || end - start !== size)) return Math.min(hex, size);
    let count = 0;
    let at = start;
    for (; at < end && count < size; count++) {
      const char = data[at] as number;
      const isEscape = char === code.backslash && at + 3 < end && data[at + 1] === code.x;
      const high = isEscape ? (hexDigits[data[at + 2] as number] as number) : -1;
      const low = high < 0 ? -1 : (hexDigits[data[at + 3] as number] as number);
      if (low < 0 && char > PRINTABLE_MAX) return undefined;
      this.bytes[count] = low < 0 ? char : high * 16 + low;
      at += low < 0 ? 1 : 4;
    }
    return isLineEnd(data, at, end) ? count : undefined;
  }

  /** Reads `21 01 00`; undefined when the rest of the line is not that, all of it. */
  #hex(data: Uint8Array, start: number, lineEnd: number): number | undefined {
    let end = lineEnd;
    while (end > start && data[end - 1] === code.space) end--;
    let count = 0;
    for (let at = start; at < end; at += 3) {
      const high = hexDigits[data[at] as number] as number;
      const low = at + 1 < end ? (hexDigits[data[at + 1] as number] as number) : -1;
      if (high < 0 || low < 0) return undefined;
      if (count < QUEUE_MESSAGE_MAX) this.bytes[count++] = high * 16 + low;
      if (at + 2 < end && data[at + 2] !== code.space)
        return isLineEnd(data, at + 2, end) ? count : undefined;
    }
    return count;
  }
}

/** Whether nothing stands in [at, end) but what scripts and other programs put behind bytes. */
export function isLineEnd(data: Uint8Array, at: number, end: number): boolean {
  return at >= end || (end - at <= END_MAX && END.test(latin1(data, at, end)));
}

const PRINTABLE_MAX = 0x7e;
/** Characters of an end. */
const END_MAX = 16;
/** Spaces, quotes, brackets, and the line ends of `cat -A` and HTML. */
const END = /^(?:[\s"')\]}$]|\^M|<br ?\/?>)*$/;
