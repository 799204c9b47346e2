import { limits, VM_IRQ_LEND } from '../../schemas/index.js';
import { frameId, type Taken } from '../machine/index.js';
import { frameWords } from './recording.js';

const REQUEST_SIZE = limits.header + VM_IRQ_LEND.request.sizeMin;

/**
 * The number that IRQ handles count from: the handle in a VM_IRQ_LEND reply minus the interrupt number in its request.
 *
 * @param out what VMs took after the request. @returns undefined when there is no such request with a reply.
 */
export function lendHandleBase(from: number, frame: Uint8Array, out: readonly Taken[]): number | undefined {
  if (frame.byteLength !== REQUEST_SIZE || frameId(frame) !== VM_IRQ_LEND.id) return undefined;
  const request = frameWords(frame);
  for (const { to, frame } of out) {
    const reply = frameWords(frame);
    if (to === from && reply.id === VM_IRQ_LEND.id && reply.words[0] === 0)
      return ((reply.words[1] ?? 0) - (request.words[1] ?? 0)) >>> 0;
  }
  return undefined;
}
