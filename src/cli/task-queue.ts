import type { Thread, Threads } from '../node/threads.js';

/**
 * Gives tasks to several threads and takes the results in the order of the tasks. So many tasks are underway that no
 * thread waits, and no more: what they hold in memory does not grow.
 */
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

  /**
   * Gives a task away; waits while too many are underway.
   *
   * @param transfer memory of the task that is moved to the thread instead of copied.
   * @throws what a thread or `take` has thrown
   */
  async give(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<void> {
    await this.#until(() => this.#given - this.#taken < 2 * this.#threads.length);
    const number = this.#given++;
    const chosen = this.#threads.reduce((best, own) => (own.underway < best.underway ? own : best));
    chosen.underway++;
    chosen.thread.ask(task, transfer).then(
      (result) => {
        chosen.underway--;
        this.#results.set(number, result as Result);
        this.#takeAll();
      },
      (reason) => this.#fail(reason),
    );
  }

  /** Waits until all results are taken. @throws as {@link give} */
  async finish(): Promise<void> {
    await this.#until(() => this.#taken === this.#given);
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

  async #until(isSo: () => boolean): Promise<void> {
    while (this.#error === undefined && !isSo())
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    if (this.#error !== undefined) throw this.#error.reason;
  }
}
