import type { DumpLine } from './dump-line.js';
import { Slab } from './line.js';
import { type Direction, QUEUE_MESSAGE_MAX, type TracedMessage } from './message.js';

/** Bytes of a full line, whatever row size the driver asks for (capturing.md, section 3). */
const ROW = 16;
/** Dumps of other senders that may end before a preempted one goes on. */
const LATER_MAX = 64;
/** Dumps in progress: more than there are processors and preempted threads. */
const DUMPS_MAX = 256;

/** A dump in progress, or one that waits for an earlier one. */
interface Dump {
  readonly first: DumpLine;
  /** Counts dumps. */
  readonly place: number;
  readonly bytes: Uint8Array;
  length: number;
  /** Its front is missing: the log begins in the middle of it, or lost lines. */
  readonly isHeadless: boolean;
  /** A short line has come, or byte 240. A message whose size is a multiple of 16 ends without either. */
  ended: boolean;
  /** It is not whole with the lines that it has so far. */
  isChecked: boolean;
  /** Its first line fits RM's header. */
  readonly mayBeRm: boolean;
  /** Dumps with the same key that began later and have ended. */
  laterEnded: number;
}

export interface DumpAssemblerOptions {
  readonly message: (message: TracedMessage, source: DumpLine['source']) => void;
  /** Lines are missing: a dump has no front. */
  readonly lost: () => void;
  /** Whether the bytes are a whole message by what they say themselves. */
  readonly isWhole: (bytes: Uint8Array, direction: Direction) => boolean;
  /** Whether the first line of a dump fits RM's header. */
  readonly mayBeRm: (bytes: Uint8Array, direction: Direction) => boolean;
}

/**
 * Puts dump lines together by prefix, thread and offset, not by their order: lines of transmits and receives mix on
 * two processors, and two senders share one prefix. Messages come out in the order in which their dumps began.
 */
export class DumpAssembler {
  readonly #options: DumpAssemblerOptions;
  readonly #slab = new Slab();
  #dumps: Dump[] = [];
  #count = 0;

  constructor(options: DumpAssemblerOptions) {
    this.#options = options;
  }

  /** Place of the oldest dump that is still in progress; Infinity when none is. */
  get oldest(): number {
    return this.#dumps[0]?.place ?? Number.POSITIVE_INFINITY;
  }

  line(line: DumpLine): void {
    const dump = line.offset === 0 ? undefined : this.#continued(line);
    const before = dump ?? this.#begin(line);
    if (before === undefined) return;
    this.#append(before, line);
    // A line in the middle of a dump changes nothing for the others.
    if (before.ended || dump === undefined) this.#emit(this.#dumps.length > DUMPS_MAX ? 1 : 0);
  }

  /** Nothing follows. @param isCut the text ends within a line: what is not whole by then is incomplete. */
  end(isCut: boolean): void {
    const last = this.#dumps.at(-1);
    if (isCut && last !== undefined && !this.#isWhole(last)) {
      this.#dumps.pop();
      this.#emit(this.#dumps.length);
      this.#options.lost();
    } else this.#emit(this.#dumps.length);
  }

  /** The dump that a line continues: of several, the one that began last. */
  #continued({ key, offset }: DumpLine): Dump | undefined {
    for (let index = this.#dumps.length - 1; index >= 0; index--) {
      const dump = this.#dumps[index] as Dump;
      if (!dump.ended && dump.length === offset && dump.first.key === key) return dump;
    }
    return undefined;
  }

  #begin(line: DumpLine): Dump | undefined {
    if (line.offset + line.bytes.length > QUEUE_MESSAGE_MAX) return undefined;
    for (const before of this.#dumps) {
      if (before.ended || before.isChecked || before.first.key !== line.key) continue;
      before.isChecked = true;
      before.ended = this.#isWhole(before);
    }
    const dump: Dump = {
      first: line,
      place: this.#count++,
      bytes: this.#slab.room(QUEUE_MESSAGE_MAX),
      length: line.offset,
      isHeadless: line.offset !== 0,
      ended: false,
      isChecked: false,
      mayBeRm: line.offset !== 0 || this.#options.mayBeRm(line.bytes, line.direction),
      laterEnded: 0,
    };
    this.#dumps.push(dump);
    return dump;
  }

  #isWhole({ bytes, length, first }: Dump): boolean {
    return this.#options.isWhole(bytes.subarray(0, length), first.direction);
  }

  #append(dump: Dump, line: DumpLine): void {
    const { length: begin, bytes } = dump;
    dump.length = Math.min(QUEUE_MESSAGE_MAX, begin + line.bytes.length);
    for (let at = begin; at < dump.length; at++) bytes[at] = line.bytes[at - begin] as number;
    dump.ended = line.bytes.length < ROW || dump.length === QUEUE_MESSAGE_MAX;
    dump.isChecked = false;
    if (!dump.ended) return;
    for (const before of this.#dumps) {
      if (before === dump) break;
      if (before.first.key === dump.first.key) before.laterEnded++;
    }
  }

  /**
   * Hands on what has ended, and the oldest `count` in any case. RM's messages keep their order, and so do those of
   * other queues; neither wait for each other.
   */
  #emit(count: number): void {
    const isBlocked = { rm: false, other: false };
    let kept = 0;
    for (let index = 0; index < this.#dumps.length; index++) {
      const dump = this.#dumps[index] as Dump;
      const lane = dump.mayBeRm ? 'rm' : 'other';
      if (index >= count && (isBlocked[lane] || (!dump.ended && dump.laterEnded < LATER_MAX))) {
        this.#dumps[kept++] = dump;
        isBlocked[lane] = true;
      } else if (dump.isHeadless) this.#options.lost();
      else this.#options.message(messageOf(dump), dump.first.source);
    }
    this.#dumps.length = kept;
  }
}

function messageOf({ first, place, bytes, length }: Dump): TracedMessage {
  return {
    direction: first.direction,
    queue: undefined,
    isRmOnly: false,
    size: length,
    bytes: bytes.subarray(0, length),
    time: first.stamp.time,
    task: first.stamp.caller,
    place,
  };
}
