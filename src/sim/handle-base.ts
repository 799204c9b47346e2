import { VM_IRQ_LEND } from '../../schemas/index.js';
import type { Taken } from '../machine/index.js';
import { frameWords } from './recording.js';

/**
 * Where IRQ handles count from, told by a queue message and what VMs took because of it: the handle of a VM_IRQ_LEND
 * reply less the interrupt number of its request. Undefined when they tell nothing.
 */
export function lendHandleBase(from: number, frame: Uint8Array, out: readonly Taken[]): number | undefined {
  const request = frameWords(frame);
  if (request.id !== VM_IRQ_LEND.id || request.words.length !== 3) return undefined;
  for (const { to, frame } of out) {
    const reply = frameWords(frame);
    if (to === from && reply.id === VM_IRQ_LEND.id && reply.words[0] === 0)
      return ((reply.words[1] ?? 0) - (request.words[1] ?? 0)) >>> 0;
  }
  return undefined;
}
