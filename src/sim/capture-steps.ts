import { constants } from '../../schemas/index.js';
import { formatHex } from '../base/hex.js';
import { parseJson } from '../base/json.js';
import type { Line } from '../base/line-readers.js';
import { type Operation, UNLIMITED } from '../machine/index.js';
import { ReadLine, type RecordedStep } from './recording.js';
import { tapNotes } from './tap.js';

const { VMID_RM } = constants;

/** What a replay uses of a queue message of a capture. */
export interface CapturedMessage {
  readonly from: number;
  readonly to: number;
  readonly frame: Uint8Array;
  readonly comment: string | undefined;
}

interface Untaken {
  readonly to: number;
  readonly frame: Uint8Array;
}

/** A step that the comment of a packet states as a line of a recording. */
interface Stated {
  readonly kind: 'stated';
  readonly line: Line;
}

/** A step that packets show. What VMs take during it is put there when it ends. */
type Shown = Operation & { -readonly [K in Exclude<keyof RecordedStep, 'kind'>]: RecordedStep[K] };

type Step = Stated | Shown;

type Counts = ReadonlyMap<number, number>;
type Note = { readonly operation: Line } | { readonly waiting: Counts } | { readonly lost: Counts };

/** What a packet's comment says to a replay. */
interface Notes {
  readonly header: Line | undefined;
  readonly enqueued: boolean;
  readonly panic: string | undefined;
  readonly inOrder: readonly Note[];
}

/**
 * Turns the packets of a capture into the lines of a recording (vectors/README.md), first line included, so that one
 * replay reads both. Messages that RM put on queues between two messages of VMs belong to the first of the two. Without
 * comments the capture is read as if every VM had taken everything before the next message of a VM. The comments of
 * {@link WorldTap} say where that was not so, and which operations came between.
 */
export class CaptureSteps {
  /** Messages that RM has put on queues and no VM has taken yet, in order. */
  #untaken: Untaken[] = [];
  /** The step to which further messages of RM belong. */
  #step: Step | undefined;
  /** Why the manager dies in it. */
  #panic: string | undefined;
  /** VMs that the lines limit because messages to them waited. */
  readonly #limited = new Set<number>();
  /** VMs that an operation of the capture limits, and how many more messages they take. */
  readonly #heldBack = new Map<number, number>();
  #started = false;
  #enqueued = false;

  readonly #write: (line: Line | ReadLine) => void;
  readonly #shown: (step: RecordedStep) => void;

  /**
   * @param write gets one line after the other.
   * @param shown gets those lines that packets show, as the steps that they are. Without it `write` gets them, too.
   */
  constructor(write: (line: Line | ReadLine) => void, shown?: (step: RecordedStep) => void) {
    this.#write = write;
    this.#shown = shown ?? ((step) => write(new ReadLine(step)));
  }

  packet({ from, to, frame, comment }: CapturedMessage): void {
    this.message(from, to, frame, comment);
  }

  /** As {@link packet}, for those who would make an object for each. */
  message(from: number, to: number, frame: Uint8Array, comment: string | undefined): void {
    const notes = readNotes(comment);
    this.#begin(notes.header);
    let waiting = NOTHING;
    for (const note of notes.inOrder) {
      if ('lost' in note) for (const [vmid, count] of note.lost) this.#forget(vmid, count);
      else if ('waiting' in note) waiting = note.waiting;
      else {
        this.#close(waiting);
        waiting = NOTHING;
        this.#operation(note.operation);
      }
    }
    const fromVm = from !== VMID_RM;
    if (fromVm || this.#enqueued) this.#close(waiting);
    if (fromVm) {
      this.#enqueued = notes.enqueued;
      this.#open(notes.enqueued ? shown({ kind: 'enqueue', from, frame }) : shownFrame(from, frame));
    } else {
      if (this.#enqueued) this.#open(shown({ kind: 'run' }));
      this.#enqueued = false;
      this.#leave({ to, frame });
    }
    if (notes.panic !== undefined && this.#step !== undefined) this.#panic = notes.panic;
  }

  /** Ends the open step: RM has handled it, and VMs have taken what it sent. A message that only waits stays open. */
  flush(): void {
    if (!this.#enqueued) this.#close(NOTHING);
  }

  /** Ends the last step: all VMs take everything, those that an operation limits after the others. */
  end(): void {
    this.#begin(undefined);
    if (this.#enqueued) this.#open(shown({ kind: 'run' }));
    const waiting = new Map<number, number>();
    for (const [vmid, allowance] of this.#heldBack)
      waiting.set(vmid, this.#untaken.filter(({ to }) => to === vmid).length - allowance);
    this.#close(waiting);
    if (this.#untaken.length > 0) this.#operation({ op: 'drain' });
    this.#close(NOTHING);
  }

  #begin(header: Line | undefined): void {
    if (this.#started) return;
    this.#started = true;
    this.#write(header ?? { scenario: 'capture' });
  }

  /** RM has put a message on a queue. */
  #leave(message: Untaken): void {
    // An empty list is that of the step before. V8 makes a list of one as small as it is, and room for 16 in one that grows.
    if (this.#untaken.length === 0) this.#untaken = [message];
    else this.#untaken.push(message);
  }

  #open(step: Step): void {
    this.#close(NOTHING);
    this.#step = step;
  }

  #operation(line: Line): void {
    this.#open({ kind: 'stated', line });
    if (line.op === 'receive_limit') this.#heldBack.set(line.vmid as number, line.count as number);
    if (line.op === 'receive_limit') this.#limited.delete(line.vmid as number);
    if (line.op === 'drain' || line.op === 'reboot')
      for (const held of [this.#heldBack, this.#limited]) held.clear();
    // A reboot empties all queues.
    if (line.op === 'reboot') this.#untaken = [];
  }

  /** Ends the open step and writes its lines. @param waiting how many messages each VM has not taken. */
  #close(waiting: Counts): void {
    const step = this.#step;
    if (step === undefined) return;
    const panic = this.#panic;
    this.#step = undefined;
    this.#panic = undefined;
    // RM does not run during this step, so the capture does not show who takes what. The next step counts it.
    if (step.kind === 'enqueue') {
      this.#emit(step, [], panic);
      return;
    }
    if (waiting.size === 0 && this.#limited.size === 0 && this.#heldBack.size === 0) {
      const taken = this.#untaken;
      if (taken.length > 0) this.#untaken = [];
      this.#emit(step, taken, panic);
      return;
    }
    const keep = new Map(waiting);
    const taken: Untaken[] = [];
    const left: Untaken[] = [];
    // A VM takes its oldest messages first, so its newest ones are those that still wait.
    for (const item of this.#untaken.reverse()) {
      const count = keep.get(item.to) ?? 0;
      keep.set(item.to, count - 1);
      (count > 0 ? left : taken).push(item);
    }
    this.#untaken = left.reverse();
    taken.reverse();
    for (const { to } of taken) {
      const allowance = this.#heldBack.get(to);
      if (allowance !== undefined) this.#heldBack.set(to, allowance - 1);
    }
    const limited = new Set([...this.#limited, ...waiting.keys()]);
    for (const vmid of this.#heldBack.keys()) limited.delete(vmid);
    for (const vmid of limited)
      if (!this.#limited.has(vmid)) this.#emit(shown({ kind: 'receive_limit', vmid, count: 0 }), []);
    this.#emit(
      step,
      taken.filter(({ to }) => !limited.has(to)),
      panic,
    );
    // VMs that left messages on their queue took theirs after RM had handled the step.
    for (const vmid of limited) {
      const late = taken.filter(({ to }) => to === vmid);
      const stays = (waiting.get(vmid) ?? 0) > 0;
      if (stays) this.#limited.add(vmid);
      else this.#limited.delete(vmid);
      const count = stays ? late.length : UNLIMITED;
      if (count > 0) this.#emit(shown({ kind: 'receive_limit', vmid, count }), late);
    }
  }

  #emit(step: Step, out: readonly Untaken[], panic?: string): void {
    if (step.kind !== 'stated') {
      step.out = out;
      step.panic = panic;
      this.#shown(step);
      return;
    }
    const lines = out.map(({ to, frame }) => ({ to, frame: formatHex(frame) }));
    this.#write({ ...step.line, ...(panic && { panic }), ...(out.length > 0 && { out: lines }) });
  }

  #forget(vmid: number, count: number): void {
    let left = count;
    this.#untaken = this.#untaken.filter((item) => item.to !== vmid || left-- <= 0);
  }
}

const NONE: readonly Untaken[] = [];

function shown(operation: Operation): Shown {
  return { ...operation, out: NONE, panic: undefined, driver: false, refused: undefined };
}

/** Most steps are such ones. V8 is slow at spreading objects of many shapes. */
function shownFrame(from: number, frame: Uint8Array): Shown {
  return { kind: 'frame', from, frame, out: NONE, panic: undefined, driver: false, refused: undefined };
}

const NOTHING: Counts = new Map();
const NO_NOTES: Notes = { header: undefined, enqueued: false, panic: undefined, inOrder: [] };

function readNotes(comment: string | undefined): Notes {
  if (comment === undefined) return NO_NOTES;
  let header: Line | undefined;
  let enqueued = false;
  let panic: string | undefined;
  const inOrder: Note[] = [];
  for (const text of comment.split('\n')) {
    const [word, ...rest] = text.split(' ');
    const line = text.startsWith('{') ? parse(text) : undefined;
    if (typeof line?.scenario === 'string') header = line;
    else if (typeof line?.op === 'string') inOrder.push({ operation: line });
    else if (text === tapNotes.enqueued) enqueued = true;
    else if (word === tapNotes.panic) panic = rest.join(' ');
    else if (word === tapNotes.waiting) inOrder.push({ waiting: readCounts(rest) });
    else if (word === tapNotes.lost) inOrder.push({ lost: readCounts(rest) });
  }
  return { header, enqueued, panic, inOrder };
}

/** Comments are free text: one that is no JSON is not a note for a replay. */
function parse(text: string): Line | undefined {
  try {
    return parseJson(text) as Line;
  } catch {
    return undefined;
  }
}

function readCounts(words: readonly string[]): Counts {
  const matches = words.map((word) => /^(\d+):(\d+)$/.exec(word)).filter((match) => match !== null);
  return new Map(matches.map(([, vmid, count]) => [Number(vmid), Number(count)]));
}
