import { setFlagsFromString } from 'node:v8';

/**
 * Commands that hold for long what lies in arrays of numbers only. Their other objects die at once, so that a young
 * generation of the size that it begins with is enough: it takes some 30 MB less, and no more time.
 */
const smallCommands: ReadonlySet<string | undefined> = new Set(['diff']);

/**
 * Lets V8 grow its young generation to the full size at once, or not at all. By default V8 doubles it whenever enough
 * objects have survived, for a capture after one million frames or after three, so memory would grow with the capture.
 * The old generation is collected when it has grown by half. By default V8 waits until it has several times the size of
 * what lives, which for a capture with many unfinished messages takes 70 MB more, and no less time. The limits of the heap
 * do not change.
 */
export function keepMemoryFlat(command: string | undefined): void {
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString(`--semi-space-growth-factor=${smallCommands.has(command) ? 1 : 16}`);
}
