import { setFlagsFromString } from 'node:v8';

/**
 * V8 doubles its young generation when enough has survived in it, which is after one million frames of a capture or
 * after three. Grown once and early, memory is the same from the start of a capture to its end. The heap's limits stay
 * what they are by default.
 */
export function keepMemoryFlat(): void {
  setFlagsFromString('--semi-space-growth-factor=16');
}
