import {
  MEM_ACCEPT,
  MEM_NOTIFY,
  MEM_RELEASE,
  VM_CONSOLE_CLOSE,
  VM_CONSOLE_FLUSH,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
} from '../../../schemas/index.js';
import type { Call, Infer, InferInput, Payload } from '../../schema/index.js';
import type { Calling } from '../effect.js';
import { call } from './call.js';

const of =
  <Q extends Payload, P extends Payload>(message: Call<Q, P>) =>
  (request: InferInput<Q>): Calling<Infer<P>> =>
    call(message, request);

/**
 * What VMs do with memory, interrupts and consoles that the mainline driver has no calls for: the protocol as it is
 * declared, checked as {@link call} does.
 */
export const plainCalls = {
  /** Maps a parcel that names the caller; where RM chose the addresses, the reply has them. */
  memAccept: of(MEM_ACCEPT),
  /** Ends the caller's use of a parcel. */
  memRelease: of(MEM_RELEASE),
  /** Has RM tell the others of a parcel that it is shared, wanted back, accepted or released. */
  memNotify: of(MEM_NOTIFY),
  /** Lends an interrupt; the reply has the handle of the loan. */
  irqLend: of(VM_IRQ_LEND),
  /** Takes a lent interrupt; the reply has its number for the caller. */
  irqAccept: of(VM_IRQ_ACCEPT),
  /** Gives a lent interrupt back. */
  irqRelease: of(VM_IRQ_RELEASE),
  /** Ends a loan whose interrupt has been given back. */
  irqReclaim: of(VM_IRQ_RECLAIM),
  /** Has RM tell the other side of a loan. */
  irqNotify: of(VM_IRQ_NOTIFY),
  /** Opens the console of a VM, or (VMID 0) the caller's own. */
  consoleOpen: of(VM_CONSOLE_OPEN),
  consoleClose: of(VM_CONSOLE_CLOSE),
  /** Writes to the other side of an open console. */
  consoleWrite: of(VM_CONSOLE_WRITE),
  consoleFlush: of(VM_CONSOLE_FLUSH),
};
