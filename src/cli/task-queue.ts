import type { Thread, Threads } from '../node/threads.js';

/** Tasks that a thread has at a time: the next one waits there while the thread does the one before. */
const underwayMax = 2;

/** Gives tasks to several threads and takes the results in the order of the tasks. */
export class TaskQueue<Task, Result> {
  readonly #threads: readonly { readonly thread: Thread; underway: number }[];
  readonly #take: (result: Result) => void;
  /** Results by the number of their task, which cannot be taken yet. */
  readonly #results = new Map<number, Result>();
  #given = 0;
  #taken = 0;
  #error: { readonly reason: unknown } | undefined;
  #wake = () => {};

  /** @param work its name. @param setup what the threads have to know. @param take may throw. */
  constructor(threads: Threads, count: number, work: string, setup: unknown, take: (result: Result) => void) {
    this.#threads = Array.from({ length: count }, () => ({
      thread: threads.start(work, setup),
      underway: 0,
    }));
    this.#take = take;
  }

  /** Whether a thread would wait without another task. */
  get hasRoom(): boolean {
    return this.#threads.some(({ underway }) => underway < underwayMax);
  }

  /** Gives a task away. */
  give(task: Task): void {
    const number = this.#given++;
    const chosen = this.#threads.reduce((best, own) => (own.underway < best.underway ? own : best));
    chosen.underway++;
    chosen.thread.ask(task).then(
      (result) => {
        chosen.underway--;
        this.#results.set(number, result as Result);
        this.#takeAll();
      },
      (reason) => this.#fail(reason),
    );
  }

  /** Adds the result of a task that no thread has done: its place is behind the tasks so far. */
  add(result: Result): void {
    this.#results.set(this.#given++, result);
    this.#takeAll();
  }

  /** Waits until at most so many results are not taken. @throws what a thread or `take` has thrown */
  async atMost(waiting: number): Promise<void> {
    while (this.#error === undefined && this.#given - this.#taken > waiting)
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    if (this.#error !== undefined) throw this.#error.reason;
  }

  /** Ends the threads, whatever they do. */
  end(): void {
    for (const { thread } of this.#threads) thread.end();
  }

  #takeAll(): void {
    try {
      for (; this.#error === undefined && this.#results.has(this.#taken); this.#taken++) {
        const result = this.#results.get(this.#taken) as Result;
        this.#results.delete(this.#taken);
        this.#take(result);
      }
    } catch (reason) {
      this.#fail(reason);
    }
    this.#wake();
  }

  #fail(reason: unknown): void {
    this.#error ??= { reason };
    this.#wake();
  }
}
