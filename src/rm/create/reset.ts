import { MEM_RELEASED } from '../../../schemas/index.js';
import { VMID_HLOS, VMID_PEER_DEFAULT, VmState } from '../codes.js';
import { GUID_SIZE } from '../config/index.js';
import type { Context } from '../context.js';
import type { Device, DoorbellDevice, PairDevice } from '../devices/device.js';
import { LoopEvent } from '../event-loop.js';
import { sendVmStatus, tellParcelOwner } from '../notifications.js';
import { endAcceptance } from '../parcels/release.js';
import { dropPeers, NO_VIRQ, type Vm, type VmConfig } from '../vm.js';

const PAGE_SIZE = 0x1000;

/** Begins the clean-up that follows VM_RESET's reply, one stage per turn (rm-internals.md, section 9). */
export function beginReset(rm: Context, vm: Vm): void {
  if (rm.careful) vm.resetStage = 'begin';
  vm.resetEvent ??= new LoopEvent(() => advance(rm, vm));
  rm.loop.raise(vm.resetEvent);
}

function advance(rm: Context, vm: Vm): void {
  if (vm.resetStage === 'done') {
    finish(rm, vm);
    return;
  }
  runStage(rm, vm);
  if (vm.resetEvent !== undefined) rm.loop.raise(vm.resetEvent);
}

function runStage(rm: Context, vm: Vm): void {
  const { config } = vm;
  switch (vm.resetStage) {
    case 'begin':
      vm.resetStage = 'devices';
      return;
    case 'devices': {
      const device = config?.devices.shift();
      if (config !== undefined && device !== undefined) destroyDevice(rm, vm, config, device);
      if (config === undefined || config.devices.length === 0) vm.resetStage = 'parcels';
      return;
    }
    case 'parcels':
      if (!releaseLast(rm, vm)) vm.resetStage = 'interrupts';
      return;
    case 'interrupts':
      releaseInterrupts(rm, vm);
      vm.resetStage = 'destroy';
      return;
    case 'destroy':
      destroy(rm, vm);
      vm.resetStage = 'clean';
      return;
    default:
      clean(vm);
      vm.resetStage = 'done';
  }
}

/** Ends a reset. The public manager never sets the stage back, so a second reset of the same VM begins here. */
function finish(rm: Context, vm: Vm): void {
  vm.state = VmState.RESET;
  sendVmStatus(rm, vm);
  dropPeers(vm);
}

function destroyDevice(rm: Context, vm: Vm, config: VmConfig, device: Device): void {
  const peer = 'peer' in device && device.peer !== undefined ? rm.vms.get(device.peer) : undefined;
  switch (device.kind) {
    case 'iomem':
      if (config.iomemFreedTwice) rm.panicOrError('vm_reset_iomem_freed_twice');
      return;
    case 'shm':
      return;
    case 'rm-rpc':
      if (!rm.links.remove(vm.vmid)) rm.panicOrError('vm_reset_two_rpcs');
      release(vm, device.virqs);
      config.console = undefined;
      return;
    case 'doorbell':
      release(vm, [device.virq]);
      if (device.peerHasDevice) checkJoinedPeer(rm, vm, device, peer);
      else release(peer, [device.peerVirq]);
      return;
    case 'pair':
      release(vm, device.virqs);
      if (device.peerHasDevice) checkJoinedPeer(rm, vm, device, peer);
      else release(peer, device.peerVirqs ?? []);
      return;
    case 'queue':
      release(vm, [device.virq]);
      release(peer, [device.peerVirq]);
      return;
    case 'virtio':
      release(vm, [device.virq]);
      release(peer, [device.peerVirq]);
      vm.allocator?.free(device.base, PAGE_SIZE);
      peer?.allocator?.free(device.peerBase, PAGE_SIZE);
  }
}

function release(vm: Vm | undefined, virqs: readonly (number | undefined)[]): void {
  for (const virq of virqs) if (virq !== undefined) vm?.interrupts?.release(virq);
}

/**
 * Takes down one of two joined devices. If the peer has a configuration but no matching device, it was reset and
 * configured again since the join. RM then looks for a device that does not exist, and dies.
 */
function checkJoinedPeer(
  rm: Context,
  vm: Vm,
  device: DoorbellDevice | PairDevice,
  peer: Vm | undefined,
): void {
  if (peer?.config === undefined || peer === vm) return;
  const matching = peer.config.devices.some((other) => matches(device, other));
  if (!matching) rm.panicOrError('vm_reset_joined_peer_replaced');
}

function matches(device: DoorbellDevice | PairDevice, other: Device): boolean {
  if (other.label !== device.label) return false;
  if (device.kind === 'doorbell') return other.kind === 'doorbell' && other.source !== device.source;
  return (
    other.kind === 'pair' &&
    other.messageSize === device.messageSize &&
    other.queueDepth === device.queueDepth
  );
}

/** Releases the last parcel of the VM's list and tells its owner; false when there is none left. */
function releaseLast(rm: Context, vm: Vm): boolean {
  const parcel = vm.config?.accepted.at(-1);
  const participant = parcel?.participant(vm.vmid);
  if (parcel === undefined || participant === undefined) return false;
  endAcceptance(rm, vm, parcel, participant);
  tellParcelOwner(rm, MEM_RELEASED, parcel, vm.vmid);
  return true;
}

/**
 * Ends the VM's use of the interrupts that it accepted. They stay lent, but to no VM. What an earlier life accepted is
 * not in the map of this one, and stays accepted.
 */
function releaseInterrupts(rm: Context, vm: Vm): void {
  for (const number of vm.interrupts?.accepted() ?? []) {
    const lending = rm.interrupts.get(number);
    if (lending === undefined || lending.borrower !== vm.vmid || lending.virq !== number) {
      rm.panicOrError('vm_reset_borrowed_interrupt');
      continue;
    }
    rm.hypervisor.unbindInterrupt(number);
    lending.virq = undefined;
    lending.borrower = VMID_PEER_DEFAULT;
  }
}

function destroy(rm: Context, vm: Vm): void {
  const { config } = vm;
  if (config?.halfMade === true) rm.panicOrError('vm_reset_unknown_authentication');
  if (config?.leakedInterrupt === true) rm.panicOrError('vm_reset_leaked_interrupt');
  rm.hypervisor.memory.abandon(vm.vmid);
  rm.hypervisor.extents.remove(vm.vmid);
  vm.life = {};
  if (vm.interrupts !== undefined) vm.interrupts.destroyed = true;
  vm.allocator = undefined;
  vm.interrupts = undefined;
  const owner = rm.vms.get(vm.owner) ?? rm.vms.get(VMID_HLOS);
  for (const { virq } of config?.vcpus ?? []) if (virq !== NO_VIRQ) owner?.interrupts?.release(virq);
  if (rm.careful && rm.rasHandler === vm) rm.rasHandler = undefined;
  vm.config = undefined;
}

function clean(vm: Vm): void {
  vm.name = '';
  vm.uri = '';
  vm.guid = new Uint8Array(GUID_SIZE);
  vm.osStatus = 0;
  vm.appStatus = 0;
  vm.crashMessage = undefined;
  vm.dumpRanges.clear();
  vm.image = undefined;
  vm.memorySize = 0;
}
