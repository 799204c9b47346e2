import {
  type HypResource,
  VM_GET_HYP_CAPIDS,
  VM_GET_HYP_IRQS,
  VM_GET_HYP_RESOURCES,
} from '../../../../schemas/index.js';
import { RmError, ResourceType as Type, VMID_HLOS, VMID_RM } from '../../codes.js';
import type { Context } from '../../context.js';
import type { Vm } from '../../vm.js';
import { type HandlerRow, handler, withLayouts } from '../row.js';
import { entry, resourcesOf } from '../vm/resources.js';

/** Labels of memory extents (client.md, section 9). */
const Extent = { GUEST_PRIVATE: 0, HOST_SHARED: 1, HOST_PRIVATE: 2, GUEST_SHARED: 3 } as const;

/** What a VM whose memory is given on demand has besides, for its owner. */
function* pagingResources(rm: Context, sender: Vm, vmid: number): Generator<HypResource> {
  const vm = rm.vms.get(vmid);
  const capabilities = vm?.config?.paging?.capabilities;
  if (vm?.owner !== sender.vmid || capabilities === undefined) return;
  const { addressSpace, guest, host } = capabilities;
  const resource = (type: number, label: number, capability: bigint) =>
    entry(0, label, { type, capability, virq: 0 });
  yield resource(Type.ADDR_SPACE, 0, addressSpace);
  yield resource(Type.MEM_EXTENT, Extent.GUEST_PRIVATE, guest.private);
  yield resource(Type.MEM_EXTENT, Extent.HOST_SHARED, host.shared);
  yield resource(Type.MEM_EXTENT, Extent.HOST_PRIVATE, host.private);
  yield resource(Type.MEM_EXTENT, Extent.GUEST_SHARED, guest.shared);
}

/** The heaps, which are listed as resources of RM itself. The handle and the label are one number. */
function heapResources(rm: Context, sender: Vm, vmid: number): HypResource[] {
  if (vmid !== VMID_RM || sender.vmid !== VMID_HLOS) return [];
  return [...rm.heaps.keys()].map((handle) => ({
    ...entry(0, handle, { type: Type.RM_HEAP_OBJECT, capability: 0n, virq: 0 }),
    resource_handle: handle,
  }));
}

function allOf(rm: Context, sender: Vm, vmid: number, wanted: (entry: HypResource) => boolean) {
  const listed = resourcesOf(rm, sender, vmid);
  if (typeof listed === 'number') return listed;
  const entries = [...listed, ...pagingResources(rm, sender, vmid), ...heapResources(rm, sender, vmid)];
  return { entries: entries.filter(wanted) };
}

const getHypResources = handler(
  VM_GET_HYP_RESOURCES,
  (rm, sender, { vmid }) => allOf(rm, sender, vmid, () => true),
  {
    assumed: [
      {
        text: 'A VM that was sent VM_SET_DEMAND_PAGING or VM_SET_ADDRESS_LAYOUT has, for its owner, an address space and four memory extents. All VMs have the same two host extents.',
        wouldTell: 'the resources of a VM with shared memory only',
      },
      {
        text: 'RM itself has two heaps as resources, whose handles are their labels.',
        wouldTell: "a recording of q612's driver at its start",
      },
    ],
  },
);

const { request, reply } = VM_GET_HYP_RESOURCES;
const filtered = (
  message: typeof VM_GET_HYP_CAPIDS,
  what: string,
  wanted: (entry: HypResource) => boolean,
) => ({
  ...handler(
    withLayouts(message, request, reply),
    (rm, sender, { vmid }) => allOf(rm, sender, vmid, wanted),
    {
      assumed: [
        {
          text: `Layouts and rules of VM_GET_HYP_RESOURCES; only the resources that have ${what}.`,
          wouldTell: 'a caller, or a recording of the message',
        },
      ],
    },
  ),
  layoutAssumed: true,
});

export const resourceRows: readonly HandlerRow[] = [
  getHypResources,
  filtered(VM_GET_HYP_CAPIDS, 'a capability', ({ cap_id }) => cap_id !== 0n),
  filtered(VM_GET_HYP_IRQS, 'an interrupt', ({ virq }) => virq !== 0 && virq !== RmError.UNIMPLEMENTED),
];
