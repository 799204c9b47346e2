import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { run } from '../../src/cli/run.js';
import { workOf } from '../../src/cli/work.js';
import { noStdio, type Stdio } from '../../src/node/stdio.js';
import type { Threads } from '../../src/node/threads.js';
import { main } from './bundle.js';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly input?: Uint8Array | string;
  /** Environment variables; none of the test's own are seen. */
  readonly env?: { readonly [name: string]: string };
  /** Open files that standard input and standard output are. */
  readonly inputFd?: number;
  readonly outputFd?: number;
  /** Cuts inputs into pieces of so many bytes, which `--jobs` spreads over threads that are none. */
  readonly pieceSize?: number;
  /** Is called for each of these threads when it starts. */
  readonly threadStarts?: () => void;
  /** Bytes of standard output after which the user interrupts the command. */
  readonly stopAfter?: number;
  /** Columns of the terminal that standard output is; no terminal without. */
  readonly columns?: number;
}

/**
 * Does the work of threads in this one, in the order of the tasks. Tasks and results are copied as between threads, and
 * results come in any order.
 */
function threadsHere(pieceSize: number, starts = () => {}): Threads {
  const start: Threads['start'] = (name, setup) => {
    starts();
    const work = workOf({ work: name, setup: structuredClone(setup) });
    let count = 0;
    return {
      async ask(task) {
        const own = structuredClone(task);
        const done = await work;
        const result = structuredClone(done(own));
        for (let turn = count++ % 3; turn > 0; turn--) await new Promise(setImmediate);
        return result;
      },
      end: () => {},
    };
  };
  return { from: { decode: pieceSize, lint: pieceSize }, pieceSize, start };
}

/** Runs a command line in this process. What it throws comes through. */
export async function gunyahRm(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const {
    input = '',
    env = {},
    columns,
    pieceSize,
    threadStarts,
    stopAfter = Number.POSITIVE_INFINITY,
    ...fds
  } = options;
  const unread = Buffer.from(input as Uint8Array);
  let read = 0;
  const out: Uint8Array[] = [];
  let written = 0;
  const stops: (() => void)[] = [];
  let stderr = '';
  const stdio: Stdio = {
    ...noStdio,
    ...fds,
    read: (into) => {
      const size = unread.copy(into, 0, read);
      read += size;
      return size;
    },
    write: (bytes) => {
      // The array is written over later.
      out.push(Uint8Array.from(bytes));
      written += bytes.length;
      if (written >= stopAfter) for (const stop of stops) stop();
      return true;
    },
    onStop: (stop) => void stops.push(stop),
    writeError: (text) => {
      stderr += text;
    },
    columns,
    env,
    ...(pieceSize !== undefined && { threads: threadsHere(pieceSize, threadStarts) }),
  };
  const code = await run(args, stdio);
  const bytes = Buffer.concat(out);
  return { code, stdout: bytes.toString(), stderr, bytes };
}

/** Runs a command line in a process of its own, for what only a process has: pipes, signals, exit codes. */
export async function gunyahRmProcess(
  args: readonly string[],
  input: Uint8Array | string = '',
): Promise<Run> {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [main, ...args], { env });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const closed = new Promise<number | null>((done, failed) => child.on('close', done).on('error', failed));
  const [bytes, errors, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), closed]);
  return { code, stdout: bytes.toString(), stderr: errors.toString(), bytes };
}
