import { setFlagsFromString } from 'node:v8';

/**
 * Flags of V8 for every command. The old generation is collected when it has grown by half. By default V8 waits until it
 * has several times the size of what lives, which for a capture with many unfinished messages takes 70 MB more, and no less
 * time. The limits of the heap do not change.
 */
const common = ['--heap-growing-percent=50'];

/**
 * Lets V8 grow its young generation to the full size at once. By default V8 doubles it whenever enough objects have
 * survived, for a capture after one million frames or after three, so memory would grow with the capture.
 */
const grownAtOnce = '--semi-space-growth-factor=16';

/**
 * Lets V8 put fewer functions into others. Captures are read for seconds, of which compiling takes a quarter, and what is
 * compiled of fewer functions is ready sooner.
 */
const inlinesLess = '--max-inlined-bytecode-size-cumulative=300';

/** Flags of single commands; the others have {@link grownAtOnce}. */
const ofCommands: Readonly<Record<string, readonly string[]>> = {
  decode: [grownAtOnce, inlinesLess],
  // What it holds for long lies in arrays of numbers only. Its other objects die at once, so that a young generation of
  // the size that it begins with is enough: it takes some 30 MB less, and no more time.
  diff: ['--semi-space-growth-factor=1'],
  // What a case makes dies with it. Cases that begin while the young generation is small outlive a collection there, and V8
  // then makes such objects in the old generation at once, where they keep all that later ones of their kind point to.
  fuzz: [grownAtOnce, '--no-allocation-site-pretenuring'],
  // It runs a manager and ten clients, so that compiling takes a third of its CPU time. Its heap has some 20 MB, for which
  // threads that collect it cost more than they save. Of what it holds nearly all stays, so that collecting half as often
  // takes some 10 MB more.
  lint: [
    grownAtOnce,
    '--heap-growing-percent=100',
    inlinesLess,
    '--no-concurrent-marking',
    '--no-parallel-scavenge',
  ],
};

/** Sets up V8 for a command, before anything else is loaded. All flags are known from Node 20 to 24. */
export function tuneEngine(command: string | undefined): void {
  const own = command !== undefined && Object.hasOwn(ofCommands, command) ? ofCommands[command] : undefined;
  for (const flag of [...common, ...(own ?? [grownAtOnce])]) setFlagsFromString(flag);
}
