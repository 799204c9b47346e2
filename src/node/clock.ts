/** Nanoseconds since 1970 UTC. Never decreases while the process runs, even if the system's clock is set back. */
export function wallClock(): bigint {
  return start + process.hrtime.bigint();
}

const start = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** Calls a function again and again. @returns what ends that. */
export function every(timeMs: number, action: () => void): () => void {
  const timer = setInterval(action, timeMs);
  return () => clearInterval(timer);
}
