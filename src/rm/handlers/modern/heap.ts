import {
  heapQueryType,
  VM_ADD_HEAP_MEMORY,
  VM_QUERY_HEAP_MEMORY,
  VM_REMOVE_HEAP_MEMORY,
} from '../../../../schemas/index.js';
import { MemType, RmError, TransType, VMID_HLOS, VMID_RM } from '../../codes.js';
import type { Context } from '../../context.js';
import type { Parcel, Participant } from '../../parcels/parcel.js';
import type { Vm } from '../../vm.js';
import { type HandlerRow, handler } from '../row.js';

/** Parcels for a heap are multiples of this. */
const UNIT = 0x100000;

/** The heap that HLOS names, and its parcel; else the error. */
function find(rm: Context, sender: Vm, heapHandle: number, handle: number) {
  if (sender.vmid !== VMID_HLOS) return RmError.DENIED;
  const heap = rm.heaps.get(heapHandle);
  const parcel = rm.parcels.get(handle);
  if (heap === undefined || parcel === undefined) return RmError.HANDLE_INVALID;
  return parcel.owner === sender.vmid ? { heap, parcel } : RmError.DENIED;
}

/** Normal memory that is lent to RM alone. */
function isForHeap(parcel: Parcel): boolean {
  return (
    parcel.transType === TransType.LEND &&
    parcel.memType === MemType.NORMAL &&
    parcel.participants.length === 1 &&
    parcel.participant(VMID_RM) !== undefined &&
    parcel.state !== 'init' &&
    parcel.totalSize % UNIT === 0
  );
}

/** RM has the parcel, or no longer has it, without having mapped it. */
function setUsed(parcel: Parcel, used: boolean): void {
  const participant = parcel.participant(VMID_RM) as Participant;
  participant.shared = used;
  parcel.shareCount = used ? 1 : 0;
  parcel.state = used ? 'shared' : 'sharing';
}

const add = handler(
  VM_ADD_HEAP_MEMORY,
  (rm, sender, { heap_handle, mem_handle }) => {
    const found = find(rm, sender, heap_handle, mem_handle);
    if (typeof found === 'number') return found;
    const { heap, parcel } = found;
    if (!isForHeap(parcel)) return RmError.MEM_INVALID;
    if (parcel.state === 'shared') return RmError.MEM_INUSE;
    setUsed(parcel, true);
    heap.add(parcel);
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'Normal memory lent to RM alone, a multiple of 1 MiB, else MEM_INVALID; in a heap already: MEM_INUSE. MEM_RECLAIM is MEM_INUSE while it is in a heap.',
        wouldTell: "a recording of q612's driver, and of a driver that reclaims too early",
      },
    ],
  },
);

const remove = handler(
  VM_REMOVE_HEAP_MEMORY,
  (rm, sender, { heap_handle, mem_handle }) => {
    const found = find(rm, sender, heap_handle, mem_handle);
    if (typeof found === 'number') return found;
    if (!found.heap.delete(found.parcel)) return RmError.MEM_INVALID;
    setUsed(found.parcel, false);
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'Nothing in the heap uses the memory, so it always succeeds; not in this heap: MEM_INVALID.',
        wouldTell: 'a manager whose heap is full',
      },
    ],
  },
);

const query = handler(
  VM_QUERY_HEAP_MEMORY,
  (rm, sender, { heap_handle, type }) => {
    if (sender.vmid !== VMID_HLOS) return RmError.DENIED;
    const heap = rm.heaps.get(heap_handle);
    if (heap === undefined) return RmError.HANDLE_INVALID;
    const parcels = [...heap];
    if (type === heapQueryType.values.MP) return { mem_handles: parcels.map(({ handle }) => handle) };
    if (type !== heapQueryType.values.MEM) return RmError.ARGUMENT_INVALID;
    const total_size = BigInt(parcels.reduce((sum, parcel) => sum + parcel.totalSize, 0));
    return { total_size, allocated_size: 0n, reserved_size: 0n, largest_free_size: total_size };
  },
  {
    assumed: [
      {
        text: 'A heap consists of what was added, and all of it is free.',
        wouldTell: 'the numbers of a real system',
      },
    ],
  },
);

export const heapRows: readonly HandlerRow[] = [add, remove, query];
