/** Timing: every round runs every task once, so that what else the machine does falls on all of them alike. */

import { appendFileSync } from 'node:fs';

const SAMPLE_NS = 8_000_000;
const WARM_UP_NS = 300_000_000;
const ROUNDS = 41;

/** One cell of the table: a run over a workload of `count` messages. */
export interface Task {
  readonly count: number;
  run(): unknown;
}

/** Nanoseconds per message of one task, by round. */
export type Samples = readonly number[];

/** Measures the tasks against each other. Garbage is collected when the engine likes, as in real use. */
export function measure(tasks: readonly Task[], rounds = ROUNDS): Samples[] {
  const passes = tasks.map(warmUp);
  const samples = tasks.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < tasks.length; turn++) {
      // Each round begins with another task: none always runs behind the same neighbour.
      const index = (turn + round) % tasks.length;
      const task = tasks[index] as Task;
      const pass = passes[index] as number;
      (samples[index] as number[])[round] = time(task, pass) / (pass * task.count);
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** How many times `a` takes what `b` takes: the median over rounds, whose two samples lie close together in time. */
export function quotient(a: Samples, b: Samples): number {
  return median(a.map((ns, round) => ns / (b[round] as number)));
}

/** Nanoseconds. */
function time(task: Task, passes: number): number {
  const start = process.hrtime.bigint();
  for (let pass = 0; pass < passes; pass++) task.run();
  return Number(process.hrtime.bigint() - start);
}

/** Runs the task until it is optimised; how many passes make one sample. */
function warmUp(task: Task): number {
  let total = 0;
  let passes = 1;
  for (;;) {
    const ns = time(task, passes);
    total += ns;
    if (total > WARM_UP_NS && ns >= SAMPLE_NS) return Math.max(1, Math.round((passes * SAMPLE_NS) / ns));
    if (ns < SAMPLE_NS) passes *= 2;
  }
}

/** A line of the table that `npm run bench:all` prints. */
export interface Figure {
  readonly group: string;
  /** What is measured, with its unit. */
  readonly name: string;
  readonly ours: number;
  /** What it is compared with in the same run, and how many times that it is. */
  readonly peer?: string;
  readonly ratio?: number;
  readonly goal: string;
  /** Undefined: it could not be told. */
  readonly ok?: boolean;
}

/** Adds figures to the table, when `bench:all` runs this benchmark: it names a file for them. */
export function report(...figures: readonly Figure[]): void {
  const { BENCH_FIGURES: file } = process.env;
  if (file !== undefined)
    appendFileSync(file, figures.map((figure) => `${JSON.stringify(figure)}\n`).join(''));
}
