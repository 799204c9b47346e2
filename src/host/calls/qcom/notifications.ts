import {
  aclEntry,
  attrEntry,
  exitReason,
  exitType,
  MEM_ACCEPTED,
  MEM_RELEASED,
  MEM_SHARED,
  VM_CONSOLE_CHARS,
  VM_EXITED,
  VM_IRQ_ACCEPTED,
  VM_IRQ_LENT,
  VM_IRQ_RELEASED,
  VM_SHUTDOWN,
  VM_STATUS,
} from '../../../../schemas/index.js';
import type { Hazard } from '../../hazard.js';
import { qcomHazards } from './hazards.js';
import type { QcomKernel } from './kernel.js';

/** What the driver's core does with a notification: it forwards it to the handlers, ignores it, or crashes. */
export type CoreNotification =
  | { readonly kind: 'forwarded'; readonly payload: Uint8Array }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'hazard'; readonly hazard: Hazard };

/** Number of bytes that the core copies: 0 if it ignores the notification, Infinity if it reads past its end. */
type SizeOf = (payload: Uint8Array) => number;

const IGNORED = 0;

/** The 16 or 32 bits at an offset in bytes; Infinity past the end, so that a size computed from it is infinite too. */
function read(payload: Uint8Array, offset: number, size: 2 | 4): number {
  if (offset + size > payload.length) return Number.POSITIVE_INFINITY;
  let value = 0;
  for (let at = size - 1; at >= 0; at--) value = value * 256 + (payload[offset + at] as number);
  return value;
}

/** Header of each of the three lists of MEM_SHARED. */
const LIST_HEADER_SIZE = 4;
/** Entry of the second list. */
const REGION_SIZE = 8;

/** The core takes all four bytes of the ACL's header as its count. */
function memSharedSize(payload: Uint8Array): number {
  const acl = MEM_SHARED.payload.sizeMin - 3 * LIST_HEADER_SIZE;
  const sgl = acl + LIST_HEADER_SIZE + read(payload, acl, 4) * aclEntry.sizeMin;
  const attr = sgl + LIST_HEADER_SIZE + read(payload, sgl, 2) * REGION_SIZE;
  return attr + LIST_HEADER_SIZE + read(payload, attr, 2) * attrEntry.sizeMin;
}

const EXIT_TYPE_OFFSET = 2;
const exitTypes = exitType.values;
const exitTypeMax = Math.max(...Object.values(exitTypes));

/** The core copies the exit reason of two exit types only. */
function vmExitedSize(payload: Uint8Array): number {
  const type = read(payload, EXIT_TYPE_OFFSET, 2);
  const head = VM_EXITED.payload.sizeMin;
  if (type === exitTypes.VM_EXIT || type === exitTypes.PSCI_SYSTEM_RESET2) return head + exitReason.sizeMin;
  if (type <= exitTypeMax) return head;
  return Number.isFinite(type) ? IGNORED : type;
}

const NUM_BYTES_OFFSET = 2;

const fixed =
  ({ payload }: { readonly payload: { readonly sizeMin: number } }): SizeOf =>
  () =>
    payload.sizeMin;

/** The notifications that the core forwards (gh_rm_core.c of q66 and q612). */
const sizes = new Map<number, SizeOf>([
  [MEM_SHARED.id, memSharedSize],
  [MEM_RELEASED.id, fixed(MEM_RELEASED)],
  [MEM_ACCEPTED.id, fixed(MEM_ACCEPTED)],
  [VM_EXITED.id, vmExitedSize],
  [VM_SHUTDOWN.id, fixed(VM_SHUTDOWN)],
  [VM_STATUS.id, fixed(VM_STATUS)],
  [VM_IRQ_LENT.id, fixed(VM_IRQ_LENT)],
  [VM_IRQ_RELEASED.id, fixed(VM_IRQ_RELEASED)],
  [VM_IRQ_ACCEPTED.id, fixed(VM_IRQ_ACCEPTED)],
  [VM_CONSOLE_CHARS.id, (payload) => VM_CONSOLE_CHARS.payload.sizeMin + read(payload, NUM_BYTES_OFFSET, 2)],
]);

/** The driver's core, between the transport and the handlers of the other drivers. */
export function coreNotifications(kernel: QcomKernel) {
  return {
    /**
     * Takes a notification from the transport. q61 forwards all unchanged. The others copy as many bytes as they expect the
     * notification to have, which is what `faithful` forwards; `careful` forwards the whole payload.
     */
    forwardNotification(id: number, payload: Uint8Array): CoreNotification {
      if (!kernel.generation.copiesNotifications) return { kind: 'forwarded', payload };
      const sizeOf = sizes.get(id);
      if (sizeOf === undefined) return { kind: 'ignored' };
      if (payload.length === 0) return { kind: 'hazard', hazard: qcomHazards.notification_without_payload };
      const size = sizeOf(payload);
      if (size === IGNORED) return { kind: 'ignored' };
      if (size > payload.length) return { kind: 'hazard', hazard: qcomHazards.notification_overread };
      return { kind: 'forwarded', payload: kernel.careful ? payload : payload.subarray(0, size) };
    },
  };
}
