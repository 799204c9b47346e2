/**
 * A component that can hold memory: a VMID (0 is the hypervisor's own), {@link NOBODY}, a parcel as {@link parcelOwner}
 * names it, or a memory extent as {@link extentOwner} does.
 */
export type Owner = number;

export const NOBODY: Owner = -1;
export const HYPERVISOR: Owner = 0;

const VMID_MAX = 0xffff;
const HANDLE_MAX = 0xffffffff;
const FIRST_EXTENT = -3 - HANDLE_MAX;
const LAST_EXTENT = FIRST_EXTENT - 2 * VMID_MAX - 1;

/** The owner that stands for a parcel, by its handle. */
export function parcelOwner(handle: number): Owner {
  return -2 - handle;
}

/** The memory extents of a VM whose memory the host gives page by page. */
export const extentKinds = ['private', 'shared'] as const;
export type ExtentKind = (typeof extentKinds)[number];

/** The owner that stands for a memory extent of a VM. */
export function extentOwner(vmid: number, kind: ExtentKind): Owner {
  return FIRST_EXTENT - 2 * vmid - extentKinds.indexOf(kind);
}

/** The VM whose memory extent an owner stands for; undefined for other owners. */
export function vmOfExtent(owner: Owner): number | undefined {
  return owner <= FIRST_EXTENT ? Math.floor((FIRST_EXTENT - owner) / 2) : undefined;
}

export function isComponent(owner: Owner): boolean {
  return Number.isInteger(owner) && owner <= VMID_MAX && owner >= LAST_EXTENT;
}

/**
 * Whether a component has an address space. Only VMs have one: parcels, extents and nobody hold memory at its physical
 * address.
 */
export function hasAddressSpace(owner: Owner): boolean {
  return owner >= 0;
}

/** For people: `VM 3`, `parcel 7`, `private extent of VM 128`, `nobody`. */
export function ownerName(owner: Owner): string {
  if (owner === HYPERVISOR) return 'the hypervisor';
  if (hasAddressSpace(owner)) return `VM ${owner}`;
  const vmid = vmOfExtent(owner);
  if (vmid !== undefined) return `${extentKinds[(FIRST_EXTENT - owner) % 2]} extent of VM ${vmid}`;
  return owner === NOBODY ? 'nobody' : `parcel ${-2 - owner}`;
}
