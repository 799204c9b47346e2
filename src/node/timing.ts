import type { Timing } from '../relay/index.js';

/** Timers of this process. They are as exact as milliseconds, and do not keep it running. */
export const processTiming: Timing = {
  now: () => Number(process.hrtime.bigint()),
  later: (ns, act) => void setTimeout(act, Math.ceil(ns / 1e6)).unref(),
};

/** Calls `passed` after some milliseconds, unless it is cancelled before. @returns what cancels it. */
export function deadline(timeoutMs: number, passed: () => void): () => void {
  const timer = setTimeout(passed, timeoutMs);
  return () => clearTimeout(timer);
}

/** Lets timers and signals have their turn. */
export function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
