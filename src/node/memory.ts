import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 grow its young generation to the full size at once. By default V8 doubles it whenever enough objects have
 * survived, for a capture after one million frames or after three, so memory would grow with the capture. The limits of
 * the heap do not change.
 */
export function keepMemoryFlat(): void {
  setFlagsFromString('--semi-space-growth-factor=16');
}
