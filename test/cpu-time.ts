/** Milliseconds of processor time that this process takes for something. Other programs on the machine do not add to them. */
export function cpuTimeMs(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
