/** Nanoseconds since 1970 UTC. Never goes back while the process runs, whatever becomes of the system's clock. */
export function wallClock(): bigint {
  return start + process.hrtime.bigint();
}

const start = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
