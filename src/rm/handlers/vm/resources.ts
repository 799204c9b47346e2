import { type HypResource, VM_GET_HYP_RESOURCES } from '../../../../schemas/index.js';
import { RmError, ResourceType as Type, VMID_HLOS, VMID_RM } from '../../codes.js';
import type { Context } from '../../context.js';
import type { Device } from '../../devices/device.js';
import type { Vm } from '../../vm.js';
import { isAllocated } from '../../vm-table.js';
import { type HandlerRow, handler } from '../row.js';

const VIRTIO_SIZE = 0x1000n;

/** What differs between resources; the rest of an entry is zero. */
export interface Resource {
  readonly type: number;
  readonly capability: bigint;
  readonly virq: number;
  readonly base?: number;
}

/** A device as its own VM sees it. */
function seenByVm(device: Device): readonly Resource[] {
  switch (device.kind) {
    case 'doorbell': {
      const type = device.source ? Type.BELL_TX : Type.BELL_RX;
      return [{ type, capability: device.capability, virq: device.virq ?? 0 }];
    }
    case 'queue': {
      const type = device.sender ? Type.MSGQ_TX : Type.MSGQ_RX;
      return [{ type, capability: device.capability, virq: device.virq }];
    }
    case 'pair':
      return [
        { type: Type.MSGQ_TX, capability: device.capability, virq: device.virqs[0] },
        { type: Type.MSGQ_RX, capability: device.receiveCapability, virq: device.virqs[1] },
      ];
    default:
      return [];
  }
}

/** A device as the VM at its other end sees it, unless that VM has a device of its own for it. */
function seenByPeer(device: Device): readonly Resource[] {
  switch (device.kind) {
    case 'doorbell': {
      const type = device.source ? Type.BELL_RX : Type.BELL_TX;
      return device.peerHasDevice
        ? []
        : [{ type, capability: device.peerCapability, virq: device.peerVirq ?? 0 }];
    }
    case 'queue': {
      const type = device.sender ? Type.MSGQ_RX : Type.MSGQ_TX;
      return [{ type, capability: device.peerCapability, virq: device.peerVirq }];
    }
    case 'pair':
      if (device.peerHasDevice || device.peerVirqs === undefined) return [];
      return [
        { type: Type.MSGQ_TX, capability: device.peerCapability, virq: device.peerVirqs[0] },
        { type: Type.MSGQ_RX, capability: device.peerReceiveCapability, virq: device.peerVirqs[1] },
      ];
    case 'virtio':
      return [
        {
          type: Type.VIRTIO_MMIO,
          capability: device.peerCapability,
          virq: device.peerVirq,
          base: device.peerBase,
        },
      ];
    default:
      return [];
  }
}

export function entry(partner: number, label: number, resource: Resource): HypResource {
  return {
    type: resource.type,
    partner_vmid: partner,
    resource_handle: 0,
    resource_label: label,
    cap_id: resource.capability,
    virq_handle: 0,
    virq: resource.virq,
    base: BigInt(resource.base ?? 0),
    size: resource.base === undefined ? 0n : VIRTIO_SIZE,
  };
}

/** vCPUs for the owner, then the asker's devices that face the target, then the target's that face the asker. */
export function resourcesOf(rm: Context, sender: Vm, vmid: number): HypResource[] | number {
  const vm = rm.vms.get(vmid);
  if (vm === undefined) return RmError.ARGUMENT_INVALID;
  if (vm.config === undefined) return RmError.NORESOURCE;
  if (!isAllocated(rm, sender)) return rm.panicOrError('ghost_sender');
  if (sender.config === undefined) return rm.panicOrError('ghost_unconfigured');
  const entries: HypResource[] = [];
  const seesVcpus = vm.owner === sender.vmid || (vm.vmid === VMID_RM && sender.vmid === VMID_HLOS);
  if (seesVcpus)
    for (const { label, capability, virq } of vm.config.vcpus)
      entries.push(entry(0, label, { type: Type.VCPU, capability, virq }));
  for (const device of sender.config.devices)
    if ('peer' in device && device.peer === vm.vmid)
      for (const resource of seenByVm(device)) entries.push(entry(vm.vmid, device.label, resource));
  for (const device of vm.config.devices)
    if ('peer' in device && device.peer === sender.vmid)
      for (const resource of seenByPeer(device)) entries.push(entry(vm.vmid, device.label, resource));
  return entries;
}

const getHypResources = handler(VM_GET_HYP_RESOURCES, (rm, sender, { vmid }) => {
  const entries = resourcesOf(rm, sender, vmid);
  return typeof entries === 'number' ? entries : { entries };
});

export const resourceRows: readonly HandlerRow[] = [getHypResources];
