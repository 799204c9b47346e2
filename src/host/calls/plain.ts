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
 * The messages about memory, interrupts and consoles for which the mainline driver has no calls. Requests and replies are
 * checked as by {@link call}.
 */
export const plainCalls = {
  /** Maps a parcel that was given to the caller. If RM chose the addresses, the reply has them. */
  memAccept: of(MEM_ACCEPT),
  /** Ends the caller's use of a parcel. */
  memRelease: of(MEM_RELEASE),
  /** Notifies the other VMs of a parcel that it is shared, recalled, accepted or released. */
  memNotify: of(MEM_NOTIFY),
  /** Lends an interrupt; the reply has the handle of the loan. */
  irqLend: of(VM_IRQ_LEND),
  /** Takes a lent interrupt; the reply has its number for the caller. */
  irqAccept: of(VM_IRQ_ACCEPT),
  irqRelease: of(VM_IRQ_RELEASE),
  /** Ends a loan whose interrupt was returned. */
  irqReclaim: of(VM_IRQ_RECLAIM),
  /** Notifies the other VM of a loan. */
  irqNotify: of(VM_IRQ_NOTIFY),
  /** Opens the console of a VM, or (VMID 0) the caller's own. */
  consoleOpen: of(VM_CONSOLE_OPEN),
  consoleClose: of(VM_CONSOLE_CLOSE),
  consoleWrite: of(VM_CONSOLE_WRITE),
  consoleFlush: of(VM_CONSOLE_FLUSH),
};
