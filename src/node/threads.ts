import { realpathSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Another thread of this program. It does one kind of work, a task at a time. */
export interface Thread {
  /** @returns what the work makes of the task. Both are copied, except shared memory. Rejects if the work throws. */
  ask(task: unknown): Promise<unknown>;
  end(): void;
}

/** Does a task. @returns the result */
export type Work = (task: unknown) => unknown;

/** How commands get threads. Tests have their own, which need neither threads nor large inputs. */
export interface Threads {
  /** Bytes of an input above which a command starts threads: a smaller one must not wait for them. */
  readonly from: { readonly decode: number; readonly lint: number };
  /** Bytes of a task. */
  readonly pieceSize: number;
  /** @param work its name. @param setup what it has to know before its first task. */
  start(work: string, setup: unknown): Thread;
}

/** What a thread is told when it starts. */
export interface ThreadStart {
  readonly work: string;
  readonly setup: unknown;
}

/** What a thread answers. */
type Answer = { readonly result: unknown } | { readonly error: unknown };

const MIB = 1024 * 1024;

/** Whether this is a thread that {@link processThreads} has started. */
export const isThread = !isMainThread;

/**
 * Threads of this process. Each runs this program from its beginning, which sees that it is a thread. V8 compiles all for
 * each thread anew. On two cores that takes as long as a second thread of `decode` saves with a capture of 60 MiB.
 */
export function processThreads(): Threads {
  return { from: { decode: 64 * MIB, lint: 8 * MIB }, pieceSize: 2 * MIB, start };
}

function start(work: string, setup: unknown): Thread {
  const worker = new Worker(realpathSync(process.argv[1] as string), {
    workerData: { work, setup } satisfies ThreadStart,
  });
  const waiting: { done: (result: unknown) => void; failed: (error: unknown) => void }[] = [];
  worker.on('message', (answer: Answer) => {
    const { done, failed } = waiting.shift() as (typeof waiting)[number];
    if ('error' in answer) failed(answer.error);
    else done(answer.result);
  });
  worker.on('error', (error) => {
    for (const { failed } of waiting.splice(0)) failed(error);
  });
  return {
    ask: (task) =>
      new Promise((done, failed) => {
        waiting.push({ done, failed });
        worker.postMessage(task);
      }),
    end: () => void worker.terminate(),
  };
}

/** Does the work of this thread until its process ends. @param find the work of a name. */
export async function serveThread(find: (start: ThreadStart) => Promise<Work>): Promise<void> {
  const work = await find(workerData as ThreadStart);
  parentPort?.on('message', (task: unknown) => {
    try {
      parentPort?.postMessage({ result: work(task) } satisfies Answer);
    } catch (error) {
      parentPort?.postMessage({ error } satisfies Answer);
    }
  });
}
