import type { AclEntry, AttrEntry } from '../../../schemas/index.js';
import { type MemoryKind, parcelOwner } from '../../hypervisor/index.js';
import { ALL_RIGHTS, MemAttr, MemType } from '../codes.js';
import { MappingSlots } from './mapping-slots.js';

/** A contiguous stretch of a parcel: physical memory and where its owner had it. Bytes. */
export interface Region {
  readonly phys: number;
  readonly size: number;
  readonly ownerIpa: number;
}

/** A VM in a parcel's ACL and what it has done with the parcel. */
export class Participant {
  /** Has accepted at least in part. */
  shared = false;
  /** The address space in which the memory is mapped; undefined: the VM has not accepted for good. */
  mappedIn: object | undefined;
  contiguous = false;
  /**
   * Guest addresses taken so far: one per region, or one in all when contiguous. Undefined: none asked for yet. More
   * than one although contiguous: RM then writes past its list when it gives them back (rm-lives.md, section 6).
   */
  addresses: number[] | undefined;
  /** A node of a guest's tree stands for the parcel. Kept until the parcel is gone (rm-lives.md, section 6). */
  hasNode = false;
  /** RM gave that node its phandle. */
  ownPhandle = false;

  constructor(
    readonly vmid: number,
    readonly rights: number,
    public attr: number,
  ) {}
}

/** A memory parcel (rm-behaviour.md, "Memory parcels"). */
export class Parcel {
  /** INIT: more memory is expected. SHARING: complete, nobody has accepted. SHARED: somebody has. */
  state: 'init' | 'sharing' | 'shared' = 'init';
  regions: Region[] = [];
  /** Bytes counted; a failed append leaves it too high. */
  totalSize = 0;
  tag: number | undefined;
  sanitizeReclaim = false;
  shareCount = 0;
  readonly slots = new MappingSlots();
  /** Its neighbours in the table of parcels, which sets them. */
  older: Parcel | undefined;
  newer: Parcel | undefined;

  constructor(
    readonly handle: number,
    readonly owner: number,
    /** The life of its owner in which it was made (Vm.life). */
    readonly ownerLife: object,
    readonly transType: number,
    readonly memType: number,
    readonly label: number,
    readonly sanitizeCreate: boolean,
    readonly participants: readonly Participant[],
    readonly attrs: readonly AttrEntry[],
  ) {}

  addRegion(region: Region): void {
    // Most parcels have one. A literal, since a list that grows begins with room for 17 elements.
    if (this.regions.length === 0) this.regions = [region];
    else this.regions.push(region);
  }

  get kind(): MemoryKind {
    return this.memType === MemType.IO ? 'io' : 'normal';
  }

  get ownerCode(): number {
    return parcelOwner(this.handle);
  }

  participant(vmid: number): Participant | undefined {
    for (const participant of this.participants) if (participant.vmid === vmid) return participant;
    return undefined;
  }

  /** Whether the ACL has exactly these entries in this order. */
  hasAcl(acl: readonly AclEntry[]): boolean {
    return (
      acl.length === this.participants.length &&
      this.participants.every(
        ({ vmid, rights }, index) => vmid === acl[index]?.vmid && rights === acl[index]?.rights,
      )
    );
  }

  /** Whether the attributes are exactly these in this order. */
  hasAttrs(attrs: readonly AttrEntry[]): boolean {
    return (
      attrs.length === this.attrs.length &&
      this.attrs.every(({ vmid, attr }, index) => vmid === attrs[index]?.vmid && attr === attrs[index]?.attr)
    );
  }

  /** Private memory of a VM: normal, without a label, for this VM alone with all rights. */
  isPrivateOf(vmid: number, debugBuild: boolean): boolean {
    const entry = this.participant(vmid);
    return (
      this.memType === MemType.NORMAL &&
      this.label === 0 &&
      entry !== undefined &&
      (debugBuild || this.participants.length === 1) &&
      entry.rights === ALL_RIGHTS &&
      entry.attr === MemAttr.NORMAL
    );
  }
}
