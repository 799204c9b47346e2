import { limits, VM_IRQ_LEND } from '../../schemas/index.js';
import { frameId, REPLY_FIELDS, type Taken, wordAt } from '../machine/index.js';

const REQUEST_SIZE = limits.header + VM_IRQ_LEND.request.sizeMin;

/**
 * The number that IRQ handles count from: the handle in a VM_IRQ_LEND reply minus the interrupt number in its request.
 *
 * @param out what VMs took after the request. @returns undefined when there is no such request with a reply.
 */
export function lendHandleBase(from: number, frame: Uint8Array, out: readonly Taken[]): number | undefined {
  if (frame.length !== REQUEST_SIZE || frameId(frame) !== VM_IRQ_LEND.id) return undefined;
  const number = wordAt(frame, limits.header + 4);
  for (const { to, frame: reply } of out)
    if (to === from && frameId(reply) === VM_IRQ_LEND.id && reply.length >= REPLY_FIELDS)
      if (wordAt(reply, limits.header) === 0) return (wordAt(reply, REPLY_FIELDS) - number) >>> 0;
  return undefined;
}
