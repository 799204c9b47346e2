import type {
  DoorbellConfig,
  MessageQueueConfig,
  QueuePairConfig,
  RmRpcConfig,
  SharedMemoryConfig,
  VirtioConfig,
  VmConfiguration,
} from '../config/index.js';
import type { Context } from '../context.js';
import type { DoorbellDevice, Joinable, PairDevice } from '../devices/device.js';
import { registerPeers, type Vm, type VmConfig } from '../vm.js';
import { findPeer } from './peers.js';

const PAGE_SIZE = 0x1000;

/** What is needed to make any device of a VM. */
interface Maker {
  readonly rm: Context;
  readonly vm: Vm;
  readonly owner: Vm;
  readonly config: VmConfig;
}

/** Makes the iomem devices, before all others. @returns false if one has no place in the guest's tree. */
export function makeIomems(config: VmConfig, parsed: VmConfiguration, careful: boolean): boolean {
  for (const iomem of parsed.iomems) {
    if (iomem.generate === undefined && iomem.patch === undefined) {
      // The public manager then frees the memory of the device before this one. VM_RESET frees it again.
      config.iomemFreedTwice = !careful && config.devices.length > 0;
      return false;
    }
    config.devices.push({ kind: 'iomem', label: iomem.label, common: iomem, config: iomem });
  }
  return true;
}

/** Makes all other devices in RM's order. @returns false if VM_INIT ends with NORESOURCE. What was made stays. */
export function makeDevices(
  rm: Context,
  vm: Vm,
  owner: Vm,
  config: VmConfig,
  parsed: VmConfiguration,
): boolean {
  const maker: Maker = { rm, vm, owner, config };
  return (
    parsed.rpcs.every((rpc) => makeRmRpc(maker, rpc)) &&
    openLink(maker, parsed.rpcs[0]) &&
    parsed.doorbells.every((doorbell) => makeDoorbell(maker, doorbell)) &&
    parsed.queues.every((queue) => makeQueue(maker, queue)) &&
    parsed.pairs.every((pair) => makePair(maker, pair)) &&
    parsed.shms.every((shm) => makeSharedMemory(maker, shm)) &&
    parsed.virtios.every((virtio) => makeVirtio(maker, virtio))
  );
}

/** One interrupt number in a VM: the fixed one, or RM's choice. */
function takeVirq(vm: Vm, fixed: number | undefined): number | undefined {
  if (fixed === undefined) return vm.interrupts?.choose();
  return vm.interrupts?.take(fixed) === true ? fixed : undefined;
}

/** Two interrupt numbers, or neither. */
function takeTwoVirqs(vm: Vm, fixed: readonly number[] | undefined): [number, number] | undefined {
  const first = takeVirq(vm, fixed?.[0]);
  if (first === undefined) return undefined;
  const second = takeVirq(vm, fixed?.[1]);
  if (second !== undefined) return [first, second];
  vm.interrupts?.release(first);
  return undefined;
}

function makeRmRpc({ rm, vm, config }: Maker, rpc: RmRpcConfig): boolean {
  if (rpc.generate === undefined) {
    rm.panicOrError('vm_init_rpc_without_generate');
    return false;
  }
  const virqs = takeTwoVirqs(vm, rpc.interrupts);
  if (virqs === undefined) return false;
  config.devices.push({ kind: 'rm-rpc', label: rpc.label, common: rpc, virqs });
  if (!rpc.console) return true;
  if (config.console !== undefined) {
    rm.panicOrError('vm_init_two_consoles');
    return false;
  }
  config.console = { ownerOpen: false, selfOpen: false };
  return true;
}

/** Several rm-rpc nodes make one link. The first node decides on its queues. */
function openLink({ rm, vm }: Maker, first: RmRpcConfig | undefined): boolean {
  return first === undefined || rm.links.add(vm.vmid, first.queueDepth, first.messageSize);
}

/** The VM at the other end of a device that may name it, and whether that is the owner. */
interface OtherEnd {
  readonly peer: Vm | undefined;
  readonly isOwner: boolean;
}

/** Looks up the VM at the other end and makes the two VMs peers. @returns undefined if the device names its own VM. */
function otherEnd({ rm, vm, owner }: Maker, device: DoorbellConfig | QueuePairConfig): OtherEnd | undefined {
  if (device.peer.kind === 'default') return { peer: owner, isOwner: true };
  const peer = findPeer(rm, device.peer.text);
  if (peer !== undefined) registerPeers(vm, peer);
  if (peer === vm) return undefined;
  return { peer, isOwner: peer === owner };
}

function peerTextOf(device: DoorbellConfig | QueuePairConfig): string | undefined {
  return device.peer.kind === 'named' ? device.peer.text : undefined;
}

/**
 * Whether a peer's device names this VM. If not, the public manager loses the interrupt numbers that it has just taken
 * for this VM's device, and dies of that at VM_RESET. A careful manager gives them back.
 */
function namesUs({ rm, vm, config }: Maker, peerText: string | undefined, taken: readonly number[]): boolean {
  if (peerText !== undefined && findPeer(rm, peerText) === vm) return true;
  if (rm.careful) for (const virq of taken) vm.interrupts?.release(virq);
  else if (taken.length > 0) config.leakedInterrupt = true;
  return false;
}

/**
 * Whether a peer's device cannot be joined, because the VM that joined it last still has its interrupts there. The
 * numbers that were taken for it are given back then (rm-lives.md, section 5).
 */
function isJoined(vm: Vm, { joinedIn }: Joinable, taken: readonly number[]): boolean {
  if (joinedIn === undefined || joinedIn.destroyed) return false;
  for (const virq of taken) vm.interrupts?.release(virq);
  return true;
}

/** A peer's device gets its other end. That of a doorbell which the peer hears binds no interrupt of this VM. */
function join(match: DoorbellDevice | PairDevice, vm: Vm): void {
  match.peer = vm.vmid;
  if (match.kind === 'pair' || match.source) match.joinedIn = vm.interrupts;
}

function makeDoorbell(maker: Maker, doorbell: DoorbellConfig): boolean {
  const { rm, vm, config } = maker;
  const end = otherEnd(maker, doorbell);
  if (end === undefined) return false;
  const { peer, isOwner } = end;
  let match: DoorbellDevice | undefined;
  if (peer?.config !== undefined && !isOwner) {
    match = peer.config.devices.find(
      (device): device is DoorbellDevice =>
        device.kind === 'doorbell' && device.label === doorbell.label && device.source !== doorbell.source,
    );
    if (match === undefined) return false;
  }
  const virq = doorbell.source ? undefined : takeVirq(vm, doorbell.interrupts?.[0]);
  if (!doorbell.source && virq === undefined) return false;
  const own = virq === undefined ? [] : [virq];
  if (!doorbell.source && match !== undefined && isJoined(vm, match, own)) return false;
  if (match !== undefined && !namesUs(maker, match.peerText, own)) return false;
  const peerVirq = isOwner && doorbell.source ? peer?.interrupts?.choose() : undefined;
  if (isOwner && doorbell.source && peerVirq === undefined) {
    rm.panicOrError('vm_init_interrupts_exhausted');
    return false;
  }
  config.devices.push({
    kind: 'doorbell',
    label: doorbell.label,
    common: doorbell,
    source: doorbell.source,
    peer: isOwner || match !== undefined ? peer?.vmid : undefined,
    peerText: peerTextOf(doorbell),
    peerHasDevice: !isOwner,
    joinedIn: doorbell.source && match !== undefined ? peer?.interrupts : undefined,
    capability: rm.hypervisor.newCapability(),
    peerCapability: rm.hypervisor.newCapability(),
    virq,
    peerVirq,
  });
  if (match !== undefined) join(match, vm);
  return true;
}

function makeQueue({ rm, vm, owner, config }: Maker, queue: MessageQueueConfig): boolean {
  const virq = takeVirq(vm, queue.interrupts?.[0]);
  if (virq === undefined) return false;
  const peerVirq = takeVirq(owner, undefined);
  if (peerVirq === undefined) {
    vm.interrupts?.release(virq);
    return false;
  }
  config.devices.push({
    kind: 'queue',
    label: queue.label,
    common: queue,
    peer: owner.vmid,
    sender: queue.sender,
    virq,
    peerVirq,
    capability: rm.hypervisor.newCapability(),
    peerCapability: rm.hypervisor.newCapability(),
  });
  return true;
}

function makePair(maker: Maker, pair: QueuePairConfig): boolean {
  const { rm, vm, config } = maker;
  const end = otherEnd(maker, pair);
  if (end === undefined) return false;
  const { peer, isOwner } = end;
  let match: PairDevice | undefined;
  if (peer?.config !== undefined && !isOwner) {
    match = peer.config.devices.find(
      (device): device is PairDevice =>
        device.kind === 'pair' &&
        device.label === pair.label &&
        device.messageSize === pair.messageSize &&
        device.queueDepth === pair.queueDepth,
    );
    if (match === undefined) return false;
  }
  const virqs = takeTwoVirqs(vm, pair.interrupts);
  if (virqs === undefined) return false;
  if (match !== undefined && (isJoined(vm, match, virqs) || !namesUs(maker, match.peerText, virqs)))
    return false;
  const peerVirqs = isOwner && peer !== undefined ? takeTwoVirqs(peer, undefined) : undefined;
  if (isOwner && peerVirqs === undefined) {
    rm.panicOrError('vm_init_interrupts_exhausted');
    for (const virq of virqs) vm.interrupts?.release(virq);
    return false;
  }
  config.devices.push({
    kind: 'pair',
    label: pair.label,
    common: pair,
    messageSize: pair.messageSize,
    queueDepth: pair.queueDepth,
    peer: isOwner || match !== undefined ? peer?.vmid : undefined,
    peerText: peerTextOf(pair),
    peerHasDevice: !isOwner,
    joinedIn: match === undefined ? undefined : peer?.interrupts,
    capability: rm.hypervisor.newCapability(),
    receiveCapability: rm.hypervisor.newCapability(),
    peerCapability: rm.hypervisor.newCapability(),
    peerReceiveCapability: rm.hypervisor.newCapability(),
    virqs,
    peerVirqs,
  });
  if (match !== undefined) join(match, vm);
  return true;
}

/** Makes shared memory. A shm-doorbell also makes a doorbell and a doorbell-source between the VM and its owner. */
function makeSharedMemory({ rm, vm, owner, config }: Maker, shm: SharedMemoryConfig): boolean {
  for (const source of shm.plain ? [] : [false, true]) {
    const virq = takeVirq(source ? owner : vm, undefined);
    if (virq === undefined) return false;
    config.devices.push({
      kind: 'doorbell',
      label: shm.label,
      common: undefined,
      source,
      peer: owner.vmid,
      peerText: undefined,
      peerHasDevice: false,
      joinedIn: undefined,
      capability: rm.hypervisor.newCapability(),
      peerCapability: rm.hypervisor.newCapability(),
      virq: source ? undefined : virq,
      peerVirq: source ? virq : undefined,
    });
  }
  config.devices.push({ kind: 'shm', label: shm.label, common: shm, config: shm });
  return true;
}

/** Makes a virtio device. It is always between the VM and its owner, and each of the two gets a page of addresses. */
function makeVirtio({ rm, vm, owner, config }: Maker, virtio: VirtioConfig): boolean {
  if (virtio.deviceType !== undefined && rm.platform.refusedVirtioTypes.includes(virtio.deviceType))
    return false;
  const base = vm.allocator?.allocateAny(PAGE_SIZE, PAGE_SIZE)?.start;
  if (base === undefined) return false;
  const peerBase = owner.allocator?.allocateAny(PAGE_SIZE, PAGE_SIZE)?.start;
  const virq = peerBase === undefined ? undefined : takeVirq(vm, undefined);
  const peerVirq = virq === undefined ? undefined : takeVirq(owner, undefined);
  if (peerBase === undefined || virq === undefined || peerVirq === undefined) {
    vm.allocator?.free(base, PAGE_SIZE);
    if (peerBase !== undefined) owner.allocator?.free(peerBase, PAGE_SIZE);
    if (virq !== undefined) vm.interrupts?.release(virq);
    return false;
  }
  config.devices.push({
    kind: 'virtio',
    config: virtio,
    label: virtio.label,
    common: virtio,
    peer: owner.vmid,
    virq,
    peerVirq,
    base,
    peerBase,
    peerCapability: rm.hypervisor.newCapability(),
  });
  return true;
}
