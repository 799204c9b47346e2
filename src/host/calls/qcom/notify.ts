import { MEM_NOTIFY, memNotifyFlags } from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { type QcomKernel, refuse } from './kernel.js';
import { checkFlags } from './parcels.js';

export interface NotifyRequest {
  readonly mem_handle: number;
  /** Exactly one of SHARED (1), RELEASED (2), ACCEPTED (4). */
  readonly flags: number;
  /** A value for the receivers of the notification. */
  readonly mem_info_tag: number;
  /** The VMs to notify: one or more with SHARED, left out otherwise. */
  readonly vmids?: readonly number[];
}

const { SHARED, RELEASED, ACCEPTED } = memNotifyFlags.bits;
/** The flags that the clients know. */
const KNOWN: readonly number[] = [SHARED, RELEASED, ACCEPTED];

export function notifyCalls(kernel: QcomKernel) {
  return {
    /** EINVAL, without sending anything, for RECALL, no flag or several, or a list of VMs that does not fit the flag. */
    *memNotify({ mem_handle, flags, mem_info_tag, vmids }: NotifyRequest): Calling<void> {
      const { name } = MEM_NOTIFY;
      checkFlags(name, flags, SHARED | RELEASED | ACCEPTED);
      if (!KNOWN.includes(flags)) refuse(name, 'flags', 'one flag', flags);
      const count = vmids?.length ?? 0;
      if (flags === SHARED ? count === 0 : vmids !== undefined)
        refuse(name, 'vmids', flags === SHARED ? '1 VM or more' : 'none', count);
      const vmid_entries = vmids?.map((vmid) => ({ vmid }));
      // Unlike other calls, this one only warns of a reply with a payload.
      yield* kernel.exchangePeeking(MEM_NOTIFY, {
        ...{ mem_handle, flags, mem_info_tag },
        ...(vmid_entries && { vmid_entries }),
      });
    },
  };
}
