/** Nanoseconds since 1970 UTC. Never decreases while the process runs, even if the system's clock is set back. */
export function wallClock(): bigint {
  return start + process.hrtime.bigint();
}

/** The same in milliseconds, without a fraction. */
export function wallClockMs(): number {
  return Number(wallClock() / 1_000_000n);
}

const start = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** Calls `action` again and again, with so many seconds between, until the returned function is called. */
export function every(seconds: number, action: () => void): () => void {
  const timer = setInterval(action, seconds * 1000);
  return () => clearInterval(timer);
}
