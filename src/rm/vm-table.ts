import { constants } from '../../schemas/index.js';
import { VMID_HLOS, VMID_RM } from './codes.js';
import { Vm } from './vm.js';

const { VMID_DYNAMIC_FIRST, VMID_DYNAMIC_LAST } = constants;
/** VMIDs that may be asked for by number (rm-behaviour.md, "Actors and ids"). */
const SECONDARY_VMID_MIN = 4;
const SECONDARY_VMID_MAX = 31;
/** VMIDs of VMs are below. */
export const VMID_COUNT = 256;

/** Whether a VMID is one that HLOS may ask for by number. */
export function isSecondary(vmid: number): boolean {
  return vmid >= SECONDARY_VMID_MIN && vmid <= SECONDARY_VMID_MAX;
}

/**
 * Whether a sender's VMID is allocated. If not, only its link is left, and the sender is a stand-in without anything.
 */
export function isAllocated({ vms }: { readonly vms: VmTable }, sender: Vm): boolean {
  return vms.get(sender.vmid) === sender;
}

/** The VMs that RM knows, by VMID. */
export class VmTable {
  readonly #vms = new Array<Vm | undefined>(VMID_COUNT).fill(undefined);
  /** The answer of {@link all}, until a VM comes or goes. */
  #list: readonly Vm[] | undefined;
  /** The dynamic VMID to hand out next, if it is free. 0: the lowest free one. */
  nextVmid = 0;

  get(vmid: number): Vm | undefined {
    return this.#vms[vmid];
  }

  /** All VMs by rising VMID, the manager included; a list that later calls do not change. */
  all(): readonly Vm[] {
    this.#list ??= this.#vms.filter((vm) => vm !== undefined);
    return this.#list;
  }

  add(vm: Vm): void {
    this.#vms[vm.vmid] = vm;
    this.#list = undefined;
  }

  /**
   * Makes a VM with a free VMID.
   *
   * @param vmid 0: the lowest free dynamic one.
   * @returns undefined when the VMID is taken or is none that may be asked for, or no dynamic one is free.
   */
  allocate(vmid: number, owner: Vm): Vm | undefined {
    let chosen = vmid;
    if (vmid === 0) {
      chosen = this.#vms[this.nextVmid] === undefined ? this.nextVmid : 0;
      this.nextVmid = 0;
      if (chosen < VMID_DYNAMIC_FIRST) chosen = VMID_DYNAMIC_FIRST;
      while (chosen <= VMID_DYNAMIC_LAST && this.#vms[chosen] !== undefined) chosen++;
      if (chosen > VMID_DYNAMIC_LAST) return undefined;
    } else if (!isSecondary(vmid) || this.#vms[vmid] !== undefined) return undefined;
    const vm = new Vm(chosen, owner.vmid);
    this.add(vm);
    return vm;
  }

  forget(vm: Vm): void {
    this.#vms[vm.vmid] = undefined;
    this.#list = undefined;
  }

  /** Whether a VMID may stand in an ACL. */
  isTarget(vmid: number): boolean {
    if (vmid === VMID_HLOS || vmid === VMID_RM || isSecondary(vmid)) return true;
    return vmid >= VMID_DYNAMIC_FIRST && vmid <= VMID_DYNAMIC_LAST && this.get(vmid) !== undefined;
  }
}
