import { code, isAt } from './line.js';

/** A trace has two queues of RM, and a few others. */
const QUEUES_MAX = 16;
/** Values that memory behind messages is filled with: none, or one or two. */
const FILLS_MAX = 16;
/** Characters of `0x0,`. */
const ZERO_WORD = 4;
/** Words behind the message that have its last word's value. */
const REPEATS_MIN = 2;

/**
 * Tells whether the kernel failed to read the last word of a message, which then ends where a mapped page ends. Such a
 * fault is silent: the trace prints what lay in its ring buffer, for this word and for all behind it (capturing.md,
 * section 5). That is a value which repeats, or the record of another event, with the queue, the length and the message
 * that it had. A message that the kernel has read must not be taken for one of these: a value that was seen behind such
 * a message, or at its end, is what memory holds.
 */
export class UnreadWords {
  readonly #queues: string[] = [];
  /** Words that fill the memory behind messages, or the end of messages, which were read. */
  readonly #fills: string[] = [];

  /** A line has named a queue. */
  addQueue(queue: string): void {
    if (!this.#queues.includes(queue) && this.#queues.length < QUEUES_MAX) this.#queues.push(queue);
  }

  /**
   * Whether the last word of a message was not read. To be asked for every send, since messages that were read tell
   * what memory holds.
   *
   * @param word index of the word amid which the message ends, 0 when it ends with a word. @param behind index of the
   * word that follows. @param end of the line. @param width bytes of a word.
   */
  has(data: Uint8Array, word: number, behind: number, end: number, width: number): boolean {
    const fill = fillStart(data, end);
    if (fill >= 0) {
      const isFault =
        word > 0 &&
        isRepeated(data, word, behind, end) &&
        !isOneByte(data, fill, end - 1, width) &&
        !this.#fills.some((known) => isWord(data, fill, end - 1, known));
      if (isFault) return true;
      this.#addFill(String.fromCharCode(...data.subarray(fill, end - 1)));
    }
    return word > 0 && this.#holdsRecord(data, behind, end);
  }

  #addFill(word: string): void {
    if (!this.#fills.includes(word) && this.#fills.length < FILLS_MAX) this.#fills.push(word);
  }

  /** Looks for a queue that is followed by a length and a message of RM, as the fields of an event are. */
  #holdsRecord(data: Uint8Array, behind: number, end: number): boolean {
    for (let at = behind; at < end && data[at] !== code.closeBrace; ) {
      // Most memory is 0.
      if (data[at + 2] === code.zero && data[at + 3] === code.comma) {
        at += ZERO_WORD;
        continue;
      }
      for (const queue of this.#queues) if (isAt(data, at, queue) && isRecord(data, at, end)) return true;
      at = nextWord(data, at, end);
    }
    return false;
  }
}

/** The index of the hexadecimal word that fills the end of an array; -1 when its last two words differ or are 0. */
function fillStart(data: Uint8Array, end: number): number {
  if (data[end - 1] !== code.closeBrace || (data[end - 2] === code.zero && data[end - 3] === code.x))
    return -1;
  let start = end - 1;
  while (start > 0 && data[start - 1] !== code.comma && data[start - 1] !== code.openBrace) start--;
  const length = end - 1 - start;
  if (!isAt(data, start, '0x') || data[start - 1] !== code.comma || data[start - 2 - length] !== code.comma)
    return -1;
  for (let index = 0; index < length; index++)
    if (data[start + index] !== data[start - 1 - length + index]) return -1;
  return start;
}

function isRepeated(data: Uint8Array, word: number, behind: number, end: number): boolean {
  const length = behind - 1 - word;
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

/** Whether a word has the same byte everywhere, as memory that nobody has written: 0, 0x6b or 0xa5. */
function isOneByte(data: Uint8Array, start: number, end: number, width: number): boolean {
  const digits = end - start - 2;
  if (digits < 2 * width - 1) return false;
  for (let at = start + 4; at < end; at++) if (data[at] !== data[at - 2]) return false;
  // A leading zero is not printed.
  return digits === 2 * width || data[start + 3] === code.zero;
}

function isWord(data: Uint8Array, start: number, end: number, word: string): boolean {
  return word.length === end - start && isAt(data, start, word);
}

/** `0x4d1b8e2c00000062,0x10,0x5610000800000321`: no message has more than 240 bytes, and RM's begin with 0x21. */
function isRecord(data: Uint8Array, queue: number, end: number): boolean {
  const size = nextWord(data, queue, end);
  const message = nextWord(data, size, end);
  const behind = nextWord(data, message, end);
  const digits = message - 1 - (size + 2);
  if (behind >= end || digits < 1 || digits > 2) return false;
  return isAt(data, behind - 3, '21');
}

/** The index behind the next comma; `end` when none follows in the array. */
function nextWord(data: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && data[at] !== code.comma && data[at] !== code.closeBrace) at++;
  return data[at] === code.comma && at < end ? at + 1 : end;
}
