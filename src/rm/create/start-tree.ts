import type { SglEntry } from '../../../schemas/index.js';
import {
  cell,
  type DtNode,
  declaredCells,
  hasProperty,
  nodeAt,
  numberAt,
  pathOf,
  property,
} from '../../devicetree/index.js';
import type { MemoryContext } from '../context.js';
import type { Device, IomemDevice } from '../devices/device.js';
import { autoAccept } from '../parcels/auto-accept.js';
import type { Parcel, Participant } from '../parcels/parcel.js';
import type { Vm, VmConfig } from '../vm.js';
import { GuestTree } from './guest-tree.js';
import { mapTree, treeOf } from './image.js';

/** Most cells of an address and of a size in the root that VM_START goes on with. */
const ROOT_CELLS_MAX = 4;

/**
 * Steps 5 to 8 of VM_START: reads the tree as it is in memory now, accepts reserved memory, then everything that still
 * targets the VM, and makes the guest's tree (rm-lives.md, sections 7 and 12).
 *
 * @returns false if VM_START ends with NORESOURCE.
 */
export function processTree(rm: MemoryContext, vm: Vm, config: VmConfig): boolean {
  const mapped = mapTree(rm, vm);
  const root = mapped === undefined ? undefined : treeOf(mapped);
  if (mapped === undefined || root === undefined || !rootCellsValid(root)) return false;
  if (nodeAt(root, '/hypervisor') !== undefined) return false;
  return new TreeStep(rm, vm, config, root, new GuestTree(rm, vm, config, mapped, root)).succeeds();
}

function rootCellsValid(root: DtNode): boolean {
  const address = property(root, '#address-cells');
  const size = property(root, '#size-cells');
  return (
    (address === undefined || (address.byteLength === 4 && (cell(root, '#address-cells') ?? 0) >= 1)) &&
    (size === undefined || size.byteLength === 4) &&
    (cell(root, '#address-cells') ?? 0) <= ROOT_CELLS_MAX &&
    (cell(root, '#size-cells') ?? 0) <= ROOT_CELLS_MAX
  );
}

class TreeStep {
  readonly #rm: MemoryContext;
  readonly #vm: Vm;
  readonly #config: VmConfig;
  readonly #reserved: DtNode | undefined;
  readonly #tree: GuestTree;

  constructor(rm: MemoryContext, vm: Vm, config: VmConfig, root: DtNode, tree: GuestTree) {
    this.#rm = rm;
    this.#vm = vm;
    this.#config = config;
    this.#reserved = nodeAt(root, '/reserved-memory');
    this.#tree = tree;
  }

  succeeds(): boolean {
    if (!this.#placeAllReserved()) return false;
    this.#tree.openReserved();
    const early = this.#reserved !== undefined || this.#addIomems();
    if (!this.#acceptRemaining()) return false;
    const late = this.#reserved === undefined || this.#addIomems();
    const common = this.#tree.addCommon(this.#memory());
    if (!early || !late || !common) return false;
    // RM goes on behind a device that fails, so a bad path of a later one still kills it.
    const failed = this.#config.devices.filter((device) => !this.#addDevice(device));
    return failed.length === 0 && this.#tree.addController() && this.#tree.finish();
  }

  /** Parcels whose ACL names the VM, oldest first. */
  #named(): readonly Parcel[] {
    return this.#rm.parcels.namedFor(this.#vm.vmid);
  }

  #placeAllReserved(): boolean {
    const { children = [] } = this.#reserved ?? {};
    return children.every((node) => this.#placeReserved(node.parent as DtNode, node));
  }

  /** A node of reserved memory with a fixed range needs a parcel that is mapped exactly there. */
  #placeReserved(reserved: DtNode, node: DtNode): boolean {
    const label = cell(node, 'qcom,label');
    if (label === undefined && hasProperty(node, 'size') && !hasProperty(node, 'reg')) return true;
    const range = this.#reservedRange(reserved, node);
    if (range === undefined) return false;
    const named = this.#named();
    const parcel =
      label === undefined
        ? findMapped(this.#vm, named, range)
        : this.#acceptReserved(
            named.find((entry) => entry.label === label),
            range,
          );
    const participant = parcel?.participant(this.#vm.vmid);
    if (parcel === undefined || participant === undefined) return false;
    if (parcel.participants.length > 1 && hasProperty(node, 'reusable')) return false;
    this.#tree.markReserved(pathOf(node), node, participant);
    return true;
  }

  #acceptReserved(parcel: Parcel | undefined, range: SglEntry): Parcel | undefined {
    if (parcel?.participant(this.#vm.vmid)?.shared === true) return findMapped(this.#vm, [parcel], range);
    return parcel !== undefined && autoAccept(this.#rm, this.#vm, parcel, [range], 0) ? parcel : undefined;
  }

  /** The range that a node names. RM dies of numbers that it cannot read. */
  #reservedRange(reserved: DtNode, node: DtNode): SglEntry | undefined {
    const reg = property(node, 'reg');
    const { address, size: cells } = declaredCells(reserved);
    if (reg === undefined || reg.byteLength !== (address + cells) * 4) return undefined;
    if (address > 2 || cells > 2) {
      this.#rm.panicOrError('vm_start_reserved_cells');
      return undefined;
    }
    const ipa = address === 0 ? 0n : numberAt(reg, 0, address);
    const size = cells === 0 ? 0n : numberAt(reg, address, cells);
    return size === 0n ? undefined : { ipa, size };
  }

  /**
   * Accepts everything that still targets the VM, at addresses that RM chooses. Only the last outcome counts, and with
   * firmware that of its node. A node that cannot be written ends this.
   */
  #acceptRemaining(): boolean {
    let fine = true;
    const { firmware, vmid } = this.#vm;
    for (const parcel of this.#named()) {
      const participant = parcel.participant(vmid);
      if (participant === undefined || parcel.handle === firmware?.handle) continue;
      if (!participant.shared) {
        fine = autoAccept(this.#rm, this.#vm, parcel, [], 0);
        if (!fine) continue;
      }
      if (this.#isOfIomem(parcel)) continue;
      if (parcel.isPrivateOf(vmid, this.#rm.debugBuild) || participant.hasNode) continue;
      fine = this.#tree.addBuffer(parcel, participant);
      if (!fine) break;
    }
    if (firmware === undefined || firmware.size === 0n) return fine;
    return this.#tree.addFirmware(this.#config.firmwareBase ?? 0n);
  }

  #isOfIomem({ label }: Parcel): boolean {
    return this.#config.devices.some((device) => device.kind === 'iomem' && device.label === label);
  }

  /** What the guest's memory node lists: all that was accepted, but for device memory and separate firmware. */
  #memory(): readonly (readonly [Parcel, Participant])[] {
    const { firmware, image, vmid } = this.#vm;
    const separate =
      firmware === undefined || firmware.handle === image?.handle ? undefined : firmware.handle;
    return this.#named().flatMap((parcel) => {
      const participant = parcel.participant(vmid);
      const listed = participant?.shared === true && parcel.handle !== separate && !this.#isOfIomem(parcel);
      return participant !== undefined && listed ? [[parcel, participant] as const] : [];
    });
  }

  #addIomems(): boolean {
    return this.#config.devices
      .filter((device): device is IomemDevice => device.kind === 'iomem')
      .every((device) => {
        const parcel = this.#named().find(({ label }) => label === device.label);
        return parcel === undefined || this.#tree.addIomem(device, parcel);
      });
  }

  /**
   * Adds the node of a device: first its path counts, then its memory. A shm or virtio device needs the oldest parcel
   * with its label to have a node of reserved memory.
   */
  #addDevice(device: Device): boolean {
    if (device.kind === 'iomem') return true;
    const needs = device.kind === 'virtio' || device.kind === 'shm';
    const parcel = needs ? this.#named().find(({ label }) => label === device.label) : undefined;
    const participant = parcel?.participant(this.#vm.vmid);
    const memory = participant?.hasNode === true ? participant : undefined;
    const added = this.#tree.addDevice(device, memory);
    return added && (!needs || memory !== undefined || (device.kind === 'shm' && device.config.optional));
  }
}

/** The first accepted parcel that is mapped as one range and exactly there. */
function findMapped(vm: Vm, parcels: readonly Parcel[], { ipa, size }: SglEntry): Parcel | undefined {
  for (const parcel of parcels) {
    if (parcel.participant(vm.vmid)?.shared !== true) continue;
    const mapping = soleMapping(vm, parcel);
    if (mapping === undefined) return undefined;
    if (mapping.ipa === ipa && mapping.size === size) return parcel;
  }
  return undefined;
}

/** Where a parcel is mapped, if that is one range. */
function soleMapping(vm: Vm, parcel: Parcel): SglEntry | undefined {
  const participant = parcel.participant(vm.vmid);
  const address = participant?.addresses?.[0];
  if (participant === undefined || address === undefined) return undefined;
  if (!participant.contiguous && parcel.regions.length !== 1) return undefined;
  const size = participant.contiguous ? parcel.totalSize : (parcel.regions[0]?.size ?? 0);
  return { ipa: BigInt(address), size: BigInt(size) };
}
