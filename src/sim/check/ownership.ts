import {
  constants,
  FW_SET_VM_FIRMWARE,
  MEM_ACCEPT,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_SHARE,
  VM_CONFIG_IMAGE,
  VM_RESET,
  VM_SET_ADDRESS_LAYOUT,
  VM_START,
} from '../../../schemas/index.js';
import { DonateType, type MemoryHypercall } from '../../hypervisor/index.js';
import type { MemoryOperation } from '../../machine/index.js';
import type { Call } from './calls.js';
import {
  type Range,
  readAccept,
  readAccepted,
  readAppend,
  readCreate,
  readFirmware,
  readWord,
} from './requests.js';
import { type Segment, Segments } from './segments.js';

const { VMID_HLOS, VMID_RM } = constants;
/** Every other type is normal memory (rm-internals.md, section 6). */
const IO = 1;

/** How the hypervisor names owners: VMIDs, nobody, and parcels by handle. */
export interface OwnerNames {
  readonly nobody: number;
  readonly parcel: (handle: number) => number;
  readonly extent: (vmid: number, kind: 'private' | 'shared') => number;
}

/** The guest address at which an owner has a part of its memory. */
interface View {
  readonly ipa: number;
  readonly size: number;
  readonly phys: number;
}

interface ShadowParcel {
  readonly owner: number;
  /** How often its owner had been reset when the parcel was made. */
  readonly ownerLife: number;
  readonly donated: boolean;
  readonly targets: readonly number[];
  readonly views: View[];
  readonly acceptors: Set<number>;
  /** Guest addresses that the acceptor of a donation has so far. */
  readonly addresses: Range[];
}

/**
 * Computes who owns which memory from requests and replies alone, by the public rules (rm-behaviour.md, "Memory
 * parcels"), for comparison with the hypervisor. Normal memory only.
 */
export class OwnershipShadow {
  readonly #segments: Segments;
  readonly #names: OwnerNames;
  readonly #parcels = new Map<number, ShadowParcel>();
  readonly #views = new Map<number, View[]>();
  readonly #lives = new Map<number, number>();
  /** Handle of each VM's image, and the VMs whose image VM_START moves into their private extent. */
  readonly #images = new Map<number, number>();
  readonly #paged = new Set<number>();

  readonly #report: (rule: string, detail: string) => void;

  /** @param memory what the primary VM owns at boot, at the same guest address. @param report a broken rule. */
  constructor(memory: readonly Segment[], names: OwnerNames, report: (rule: string, detail: string) => void) {
    this.#report = report;
    this.#segments = new Segments(memory);
    this.#names = names;
    const views = memory.map(({ start, end }) => ({ ipa: start, size: end - start, phys: start }));
    this.#views.set(VMID_HLOS, views);
  }

  /** Owners of all memory, in order. */
  get segments(): readonly Segment[] {
    return this.#segments.list;
  }

  /** RM has answered a request. */
  call({ vmid, id, request, error, reply }: Call): void {
    if (error !== 0) return;
    switch (id) {
      case MEM_DONATE.id:
      case MEM_LEND.id:
      case MEM_SHARE.id:
        this.#created(vmid, id === MEM_DONATE.id, request, readWord(reply));
        return;
      case MEM_APPEND.id: {
        const { handle, ranges } = readAppend(request);
        const parcel = this.#parcels.get(handle);
        if (parcel !== undefined) this.#take(vmid, handle, parcel, ranges);
        return;
      }
      case MEM_ACCEPT.id:
        this.#accepted(vmid, request, reply);
        return;
      case MEM_RELEASE.id:
        this.#parcels.get(readWord(request))?.acceptors.delete(vmid);
        return;
      case MEM_RECLAIM.id:
        this.#reclaimed(vmid, readWord(request));
        return;
      case FW_SET_VM_FIRMWARE.id:
        this.#firmware(readFirmware(request));
        return;
      case VM_CONFIG_IMAGE.id:
        this.#images.set(readWord(request) & 0xffff, request.getUint32(4, true));
        return;
      case VM_SET_ADDRESS_LAYOUT.id:
        this.#paged.add(readWord(request) & 0xffff);
        return;
      case VM_START.id:
        this.#started(readWord(request) & 0xffff);
        return;
      case VM_RESET.id:
        this.#reset(readWord(request) & 0xffff);
    }
  }

  /**
   * The hypervisor has done what a VM asked for.
   *
   * @param guest the VM whose memory it is about.
   */
  hypercall(host: number, guest: number, call: MemoryHypercall): void {
    if (call.name !== 'memextent_donate') return;
    const [start, size, type] = [Number(call.address), Number(call.size), call.options % 2 ** 31];
    const kind = type === DonateType.TO_SIBLING ? 'shared' : 'private';
    const extent = this.#names.extent(guest, kind);
    const owners = this.#segments.ownersOf(start, start + size);
    const gives = owners.every((owner) => owner === host);
    if (!gives && owners.some((owner) => owner !== extent))
      this.#report('lent_not_owned', `VM ${host} moved memory of ${owners.join()}, pages of VM ${guest}`);
    this.#segments.assign(start, start + size, gives ? extent : host);
    if (kind === 'shared') return;
    if (gives) this.#hide(host, { ipa: start, size });
    else this.#show(host, [{ ipa: start, size, phys: start }]);
  }

  /** The hypervisor has moved memory, or ended an internal VM, without RM. */
  memory(operation: MemoryOperation): void {
    if (operation.kind === 'internal_vm' && !operation.exists) {
      this.#segments.replace(operation.vmid, this.#names.nobody);
      this.#views.delete(operation.vmid);
    }
    if (operation.kind !== 'move' || operation.step !== 'donate' || operation.memory !== 'normal') return;
    const { from, to, address: ipa, target, size } = operation;
    const seen = visible(this.#views.get(from) ?? [], { ipa, size });
    // What an internal VM and the hypervisor have lies at its physical address.
    const views = seen.length > 0 ? seen : [{ ipa, size, phys: ipa }];
    for (const { phys, size: length } of views) this.#segments.assign(phys, phys + length, to);
    this.#hide(from, { ipa, size });
    if (target === undefined) return;
    this.#show(
      to,
      views.map((view) => ({ ...view, ipa: target + view.ipa - ipa })),
    );
  }

  /** VM_START has moved the image of a paged VM into its extent. */
  #started(vmid: number): void {
    const handle = this.#images.get(vmid);
    if (!this.#paged.has(vmid) || handle === undefined) return;
    this.#segments.replace(this.#names.parcel(handle), this.#names.extent(vmid, 'private'));
    this.#parcels.delete(handle);
  }

  #created(vmid: number, donated: boolean, request: DataView, handle: number): void {
    const { memType, targets, ranges } = readCreate(request);
    if (memType === IO) return;
    if (this.#parcels.has(handle))
      this.#report('handle_reused', `handle ${handle} names a parcel that exists`);
    const parcel: ShadowParcel = {
      owner: vmid,
      ownerLife: this.#life(vmid),
      donated,
      targets,
      views: [],
      acceptors: new Set(),
      addresses: [],
    };
    this.#parcels.set(handle, parcel);
    this.#take(vmid, handle, parcel, ranges);
  }

  /** Memory goes from its owner into a parcel. */
  #take(vmid: number, handle: number, parcel: ShadowParcel, ranges: readonly Range[]): void {
    for (const range of ranges) {
      const views = visible(this.#views.get(vmid) ?? [], range);
      const size = views.reduce((sum, view) => sum + view.size, 0);
      if (size !== range.size)
        this.#report('lent_unseen', `VM ${vmid} gave away memory that it has not, parcel ${handle}`);
      for (const view of views) {
        const owners = this.#segments.ownersOf(view.phys, view.phys + view.size);
        if (owners.some((owner) => owner !== vmid))
          this.#report('lent_not_owned', `VM ${vmid} gave away memory of ${owners.join()}, parcel ${handle}`);
        this.#segments.assign(view.phys, view.phys + view.size, this.#names.parcel(handle));
        parcel.views.push(view);
      }
      this.#hide(vmid, range);
    }
  }

  #accepted(vmid: number, request: DataView, reply: DataView): void {
    const { handle, done, ranges } = readAccept(request);
    const parcel = this.#parcels.get(handle);
    if (parcel === undefined) return;
    if (!parcel.targets.includes(vmid) || vmid === parcel.owner)
      this.#report('accepted_by_stranger', `VM ${vmid} accepted parcel ${handle}, which is not for it`);
    if (!parcel.donated) {
      parcel.acceptors.add(vmid);
      return;
    }
    for (const range of ranges.length > 0 ? ranges : readAccepted(reply)) parcel.addresses.push(range);
    if (!done) return;
    this.#segments.replace(this.#names.parcel(handle), vmid);
    this.#show(vmid, zip(parcel.views, parcel.addresses));
    this.#parcels.delete(handle);
  }

  #reclaimed(vmid: number, handle: number): void {
    const parcel = this.#parcels.get(handle);
    if (parcel === undefined) return;
    if (parcel.owner !== vmid)
      this.#report('reclaimed_by_stranger', `VM ${vmid} reclaimed parcel ${handle} of VM ${parcel.owner}`);
    if (parcel.acceptors.size > 0)
      this.#report('reclaimed_in_use', `parcel ${handle} was reclaimed from ${[...parcel.acceptors].join()}`);
    this.#segments.replace(this.#names.parcel(handle), vmid);
    // What a reset VM had mapped it has mapped no more.
    if (parcel.ownerLife === this.#life(vmid)) this.#show(vmid, parcel.views);
    this.#parcels.delete(handle);
  }

  /** A VM was reset: it loses its mappings and its memory, and releases what it had accepted. */
  #reset(vmid: number): void {
    this.#lives.set(vmid, this.#life(vmid) + 1);
    this.#views.delete(vmid);
    this.#segments.replace(vmid, this.#names.nobody);
    this.#paged.delete(vmid);
    for (const kind of ['private', 'shared'] as const)
      this.#segments.replace(this.#names.extent(vmid, kind), this.#names.nobody);
    for (const parcel of this.#parcels.values()) {
      parcel.acceptors.delete(vmid);
      parcel.addresses.length = 0;
    }
  }

  /** RM itself accepts the donation. */
  #firmware(handle: number): void {
    this.#segments.replace(this.#names.parcel(handle), VMID_RM);
    this.#parcels.delete(handle);
  }

  #life(vmid: number): number {
    return this.#lives.get(vmid) ?? 0;
  }

  #show(vmid: number, views: readonly View[]): void {
    for (const { ipa, size } of views) this.#hide(vmid, { ipa, size });
    this.#views.set(vmid, [...(this.#views.get(vmid) ?? []), ...views]);
  }

  #hide(vmid: number, range: Range): void {
    const end = range.ipa + range.size;
    const rest = (this.#views.get(vmid) ?? []).flatMap((view) => {
      const viewEnd = view.ipa + view.size;
      const before = { ...view, size: Math.min(viewEnd, range.ipa) - view.ipa };
      const cut = Math.max(end, view.ipa) - view.ipa;
      const behind = { ipa: view.ipa + cut, phys: view.phys + cut, size: view.size - cut };
      return [before, behind].filter(({ size }) => size > 0);
    });
    this.#views.set(vmid, rest);
  }
}

/** The parts of views that lie in a range of guest addresses, by rising address. */
function visible(views: readonly View[], range: Range): View[] {
  const end = range.ipa + range.size;
  return views
    .map((view) => {
      const ipa = Math.max(view.ipa, range.ipa);
      return { ipa, phys: view.phys + ipa - view.ipa, size: Math.min(view.ipa + view.size, end) - ipa };
    })
    .filter(({ size }) => size > 0)
    .sort((left, right) => left.ipa - right.ipa);
}

/** The same physical memory at other guest addresses, both in order. */
function zip(views: readonly View[], addresses: readonly Range[]): View[] {
  const result: View[] = [];
  let used = 0;
  let index = 0;
  for (const { ipa, size } of addresses) {
    let done = 0;
    while (done < size) {
      const view = views[index];
      if (view === undefined) return result;
      const part = Math.min(size - done, view.size - used);
      result.push({ ipa: ipa + done, phys: view.phys + used, size: part });
      done += part;
      used += part;
      if (used === view.size) {
        used = 0;
        index++;
      }
    }
  }
  return result;
}
