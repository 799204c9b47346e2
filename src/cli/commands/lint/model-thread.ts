import type { Finding, Level, LinterOptions, LintNote, ModelElsewhere } from '../../../lint/index.js';
import type { Threads } from '../../../node/threads.js';
import type { Load } from '../../loads.js';
import { isScenario } from '../../scenario-lines.js';
import { TaskQueue } from '../../task-queue.js';

/** What the thread must know of the command line. */
export interface ModelSetup {
  readonly file: string;
  readonly peer: ReadonlySet<string> | undefined;
  readonly level: Level;
  readonly ignore: readonly string[];
  /** Names. */
  readonly platform: string;
  readonly manager: string | undefined;
  readonly allowOutside: boolean;
  readonly notes: boolean;
  readonly loads: readonly Load[];
}

/** The next bytes of a capture. */
export interface ModelTask {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly isLast: boolean;
}

/** What the model has found or noted at a moment, as `CaptureLinter.moments` counts them. */
export interface ModelRemark {
  readonly moment: number;
  readonly finding?: Finding;
  readonly note?: LintNote;
}

/** What the model makes of the bytes of a task. */
export interface ModelAnswer {
  readonly remarks: readonly ModelRemark[];
  /** The last moment that it comes to: what follows cannot be read. Undefined: it goes on. */
  readonly last: number | undefined;
}

/** Pieces of a file that the model may be ahead of the rest. */
const aheadMax = 16;

/**
 * Runs the manager's model in a thread of its own, which reads the same bytes and keeps to the same order of lines. It is
 * ahead: a piece of the file goes on to the messages and the clients when it is known what the model has found in it.
 */
export class ModelThread implements ModelElsewhere {
  readonly #threads: Threads;
  readonly #setup: ModelSetup;
  readonly #told: Pick<LinterOptions, 'finding' | 'note'>;
  #queue: TaskQueue<ModelTask, ModelAnswer> | undefined;
  /** Remarks of the model. Those from {@link #next} on are not told yet. */
  #remarks: readonly ModelRemark[] = [];
  #next = 0;
  #moment = 0;
  /** The last moment that the model comes to. */
  #last = Number.POSITIVE_INFINITY;
  /** Memory of pieces, to be used again. */
  readonly #spare: SharedArrayBuffer[] = [];

  constructor(threads: Threads, setup: ModelSetup, told: Pick<LinterOptions, 'finding' | 'note'>) {
    this.#threads = threads;
    this.#setup = setup;
    this.#told = told;
  }

  /** Undefined before the first piece, and of a recording, which has no thread. */
  get model(): ModelElsewhere | undefined {
    return this.#queue && this;
  }

  /**
   * The bytes of a file, each piece once the model has finished with it. It is valid until the next one is asked for.
   *
   * @throws what `source` throws, after the pieces before.
   */
  async *pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const ahead: Uint8Array<SharedArrayBuffer>[] = [];
    let isCapture: boolean | undefined;
    let failure: { readonly reason: unknown } | undefined;
    try {
      for await (const piece of source) {
        isCapture ??= !isScenario(piece);
        if (isCapture) {
          const bytes = this.#copy(piece);
          ahead.push(bytes);
          this.#give({ bytes, isLast: false });
          if (ahead.length > aheadMax) yield* this.#finished(ahead);
        } else yield piece;
      }
      if (isCapture) this.#give({ bytes: new Uint8Array(new SharedArrayBuffer(0)), isLast: true });
    } catch (reason) {
      failure = { reason };
    }
    while (ahead.length > 0) yield* this.#finished(ahead);
    await this.#queue?.atMost(0);
    if (failure !== undefined) throw failure.reason;
  }

  next(): void {
    this.#moment++;
    if (this.#moment > this.#last) throw new Error('only the thread of the model cannot read the capture');
    for (; this.#remarks[this.#next]?.moment === this.#moment; this.#next++) {
      const { finding, note } = this.#remarks[this.#next] as ModelRemark;
      if (finding !== undefined) this.#told.finding(finding);
      if (note !== undefined) this.#told.note?.(note);
    }
  }

  /** Ends the thread. */
  end(): void {
    this.#queue?.end();
  }

  #give(task: ModelTask): void {
    this.#queue ??= new TaskQueue<ModelTask, ModelAnswer>(
      this.#threads,
      1,
      'lint',
      this.#setup,
      ({ remarks, last = this.#last }) => {
        this.#remarks = [...this.#remarks.slice(this.#next), ...remarks];
        this.#next = 0;
        this.#last = last;
      },
    );
    this.#queue.give(task);
  }

  /** The oldest piece. */
  async *#finished(ahead: Uint8Array<SharedArrayBuffer>[]): AsyncGenerator<Uint8Array> {
    await this.#queue?.atMost(ahead.length - 1);
    const piece = ahead.shift() as Uint8Array<SharedArrayBuffer>;
    yield piece;
    this.#spare.push(piece.buffer);
  }

  #copy(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
    const { length } = bytes;
    const spare = this.#spare.pop();
    const memory = spare !== undefined && spare.byteLength >= length ? spare : new SharedArrayBuffer(length);
    const copy = new Uint8Array(memory, 0, length);
    copy.set(bytes);
    return copy;
  }
}
