/** Milliseconds of a look at the process, and microseconds of CPU time below which it rests meanwhile. */
const LOOK_MS = 2;
const RESTS_US = 500;
/** Looks in a row that must find it at rest, and the most that are taken: half a second. */
const AT_REST = 2;
const LOOKS_MAX = 200;

/**
 * Waits, when a command is done, until V8 compiles nothing any more. At its end Node waits for the functions that other
 * threads still compile. When such a thread then finds the heap full, it waits for the main thread to collect it, and the
 * process hangs for ever, deaf to signals (Node 20, nodejs/node issue 54918). With one processor a fifth of the
 * runs of `decode` for a message of 10 MB hung; with two none of 100 did. While this waits, the main thread collects.
 */
export async function compilersRest(): Promise<void> {
  for (let looks = 0, rests = 0; rests < AT_REST && looks < LOOKS_MAX; looks++) {
    const before = process.cpuUsage();
    await new Promise((done) => setTimeout(done, LOOK_MS));
    const { user, system } = process.cpuUsage(before);
    rests = user + system < RESTS_US ? rests + 1 : 0;
  }
}
