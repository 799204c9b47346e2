import type { DumpLine, DumpPrefix } from './dump-line.js';
import { Slab } from './line.js';
import {
  type Direction,
  type LineTime,
  type Plausibility,
  QUEUE_MESSAGE_MAX,
  type TracedMessage,
} from './message.js';

/** Bytes of a full line, whatever row size the driver asks for (capturing.md, section 3). */
const ROW = 16;
/** Dumps of other senders that may end before a preempted one goes on. */
const LATER_MAX = 64;
/** Dumps in progress: more than there are processors and preempted threads. */
const DUMPS_MAX = 256;

/** A dump in progress, or one that waits for an earlier one. */
interface Dump {
  readonly prefix: DumpPrefix;
  readonly caller: string;
  readonly time: LineTime | undefined;
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
  /** How many dumps had ended when it began. */
  readonly endedBefore: number;
  /** Of its header; undefined while its front is missing. */
  readonly plausibility: Plausibility | undefined;
}

export interface DumpAssemblerOptions {
  readonly message: (message: TracedMessage, source: DumpPrefix['source']) => void;
  /** Lines are missing: a dump has no front. */
  readonly lost: () => void;
  /** Whether the bytes are a whole message by what they say themselves. */
  readonly isWhole: (bytes: Uint8Array, plausibility: Plausibility) => boolean;
  /** How well the first line of a dump fits RM's header. */
  readonly plausibility: (bytes: Uint8Array, direction: Direction) => Plausibility;
}

/**
 * Puts dump lines together by prefix, thread and offset, not by their order: lines of transmits and receives mix on
 * two processors, and two senders share one prefix. Messages come out in the order in which their dumps began. RM's
 * messages keep their order, and so do those of other queues; neither wait for each other.
 */
export class DumpAssembler {
  readonly #options: DumpAssemblerOptions;
  readonly #slab = new Slab();
  readonly #lanes: readonly [Dump[], Dump[]] = [[], []];
  /** Dumps whose end has not been seen. */
  #open: Dump[] = [];
  #count = 0;
  #ended = 0;

  constructor(options: DumpAssemblerOptions) {
    this.#options = options;
  }

  /** Place of the oldest dump that is still in progress; Infinity when none is. */
  get oldest(): number {
    const [rm, other] = this.#lanes;
    return Math.min(rm[0]?.place ?? Number.POSITIVE_INFINITY, other[0]?.place ?? Number.POSITIVE_INFINITY);
  }

  /** @param isCut the text ends in this line, without a line end: bytes may be missing. */
  line(line: DumpLine, isCut: boolean): void {
    const continued = line.offset === 0 ? undefined : this.#continued(line);
    const dump = continued ?? this.#begin(line);
    if (dump === undefined) return;
    this.#append(dump, line, isCut);
    // A line in the middle of a dump changes nothing for the others.
    if (dump.ended || continued === undefined) this.#emit();
  }

  /** Hands on what is whole by what it says itself. */
  settle(): void {
    for (const dump of this.#open) dump.ended ||= this.#isWhole(dump);
    this.#emit();
  }

  /** Hands on all: no lines belong to them any more. */
  release(): void {
    for (const dump of this.#open) dump.ended = true;
    this.#open = [];
    this.#emit();
  }

  /** Nothing follows. @param isCut the text ends within a line: what is not whole by then is incomplete. */
  end(isCut: boolean): void {
    const last = this.#open.at(-1);
    const isIncomplete =
      isCut && last !== undefined && last.place === this.#count - 1 && !this.#isWhole(last);
    if (isIncomplete) {
      this.#open.pop();
      for (const lane of this.#lanes) if (lane.at(-1) === last) lane.pop();
    }
    this.release();
    if (isIncomplete) this.#options.lost();
  }

  /** The dump that a line continues: of several, the one that began last. */
  #continued({ prefix, caller, offset }: DumpLine): Dump | undefined {
    for (let index = this.#open.length - 1; index >= 0; index--) {
      const dump = this.#open[index] as Dump;
      if (dump.ended || dump.length !== offset) continue;
      if (dump.prefix.name === prefix.name && dump.caller === caller) return dump;
    }
    return undefined;
  }

  #begin(line: DumpLine): Dump | undefined {
    const { prefix, caller, offset, row, size, stamp } = line;
    if (offset + size > QUEUE_MESSAGE_MAX) return undefined;
    for (const before of this.#open) {
      if (before.isChecked || before.prefix.name !== prefix.name || before.caller !== caller) continue;
      before.isChecked = true;
      before.ended = this.#isWhole(before);
    }
    const plausibility =
      offset === 0 ? this.#options.plausibility(row.subarray(0, size), prefix.direction) : undefined;
    const dump: Dump = {
      prefix,
      caller,
      time: stamp.time,
      place: this.#count++,
      bytes: this.#slab.room(QUEUE_MESSAGE_MAX),
      length: offset,
      isHeadless: offset !== 0,
      ended: false,
      isChecked: false,
      endedBefore: this.#ended,
      plausibility,
    };
    this.#open.push(dump);
    this.#lanes[plausibility?.fits === false ? 1 : 0].push(dump);
    return dump;
  }

  #isWhole({ bytes, length, plausibility }: Dump): boolean {
    return plausibility !== undefined && this.#options.isWhole(bytes.subarray(0, length), plausibility);
  }

  #append(dump: Dump, { row, size }: DumpLine, isCut: boolean): void {
    const { length: begin, bytes } = dump;
    dump.length = Math.min(QUEUE_MESSAGE_MAX, begin + size);
    for (let at = begin; at < dump.length; at++) bytes[at] = row[at - begin] as number;
    dump.ended = (size < ROW && !isCut) || dump.length === QUEUE_MESSAGE_MAX;
    dump.isChecked = false;
    if (dump.ended) this.#ended++;
  }

  /** Hands on what has ended, and what has waited too long. */
  #emit(): void {
    const open = this.#open;
    let count = 0;
    for (const dump of open) if (!this.#isDue(dump)) open[count++] = dump;
    while (open.length > count) open.pop();
    if (count > DUMPS_MAX) {
      const oldest = open.shift();
      if (oldest !== undefined) oldest.ended = true;
    }
    for (const lane of this.#lanes) this.#emitLane(lane);
  }

  #emitLane(lane: Dump[]): void {
    let count = 0;
    for (const dump of lane) {
      if (!this.#isDue(dump)) break;
      count++;
      if (dump.isHeadless) this.#options.lost();
      else this.#options.message(messageOf(dump), dump.prefix.source);
    }
    if (count === 1) lane.shift();
    else if (count > 1) lane.splice(0, count);
  }

  #isDue(dump: Dump): boolean {
    return dump.ended || this.#ended - dump.endedBefore >= LATER_MAX;
  }
}

function messageOf({ prefix, time, caller, place, bytes, length, plausibility }: Dump): TracedMessage {
  return {
    direction: prefix.direction,
    queue: undefined,
    isRmOnly: false,
    size: length,
    bytes: bytes.subarray(0, length),
    time,
    task: caller,
    place,
    plausibility,
  };
}
