import { code, isAt } from './line.js';

/**
 * Whether the kernel failed to read the last word of a message, which then ends where a mapped page ends. Such a fault is
 * silent: the trace prints what lay in its ring buffer, for this word and for all behind it (capturing.md, section 5).
 * That is a value which repeats, or the record of another event, with the queue and the length that it had.
 *
 * @param word index of the word, in an array that goes on behind it. @param behind index of the next.
 * @param queues those that the trace has named so far.
 */
export function isUnread(
  data: Uint8Array,
  word: number,
  behind: number,
  end: number,
  queues: readonly string[],
): boolean {
  return isRepeated(data, word, behind, end) || holdsRecord(data, behind, end, queues);
}

/** Memory that nobody has written holds one byte throughout, such as 0, 0x6b or 0xa5: that tells nothing. */
function isRepeated(data: Uint8Array, word: number, behind: number, end: number): boolean {
  const length = behind - 1 - word;
  if (isAt(data, word, '0x0,') || isFilled(data, word + 2, behind - 1)) return false;
  let count = 0;
  for (let at = behind; at + length < end; at += length + 1) {
    for (let index = 0; index < length; index++) if (data[at + index] !== data[word + index]) return false;
    count++;
    const next = data[at + length];
    if (next === code.closeBrace) return count >= REPEATS_MIN;
    if (next !== code.comma) return false;
  }
  return false;
}

/** Whether a word of eight digits or more has the same byte everywhere. */
function isFilled(data: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 2; at < end; at++) if (data[at] !== data[at - 2]) return false;
  return end - start >= 8 && end - start <= 16;
}

/** Looks for a queue that is followed by a length, as the fields of an event are. */
function holdsRecord(data: Uint8Array, behind: number, end: number, queues: readonly string[]): boolean {
  for (let at = behind; at < end && data[at] !== code.closeBrace; ) {
    for (const queue of queues)
      if (isAt(data, at, queue) && isLength(data, at + queue.length, end)) return true;
    while (at < end && data[at] !== code.comma && data[at] !== code.closeBrace) at++;
    if (data[at] === code.comma) at++;
  }
  return false;
}

/** `,0x10` and the end of the word: no message has more than 240 bytes. */
function isLength(data: Uint8Array, at: number, end: number): boolean {
  if (!isAt(data, at, ',0x')) return false;
  for (let next = at + 4; next <= at + 5 && next < end; next++)
    if (data[next] === code.comma || data[next] === code.closeBrace) return true;
  return false;
}

/** Words behind the message that have its last word's value. */
const REPEATS_MIN = 2;
