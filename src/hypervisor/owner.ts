/**
 * A component that can hold memory: a VMID (0 is the hypervisor's own), {@link NOBODY}, or a parcel as
 * {@link parcelOwner} names it.
 */
export type Owner = number;

export const NOBODY: Owner = -1;

const VMID_MAX = 0xffff;
const HANDLE_MAX = 0xffffffff;

/** The owner that stands for a parcel, by its handle. */
export function parcelOwner(handle: number): Owner {
  return -2 - handle;
}

export function isComponent(owner: Owner): boolean {
  return Number.isInteger(owner) && owner <= VMID_MAX && owner >= parcelOwner(HANDLE_MAX);
}

/**
 * Whether a component has an address space. Only VMs have one: parcels and nobody hold memory at its physical address.
 */
export function hasAddressSpace(owner: Owner): boolean {
  return owner >= 0;
}

/** For people: `VM 3`, `parcel 7`, `nobody`. */
export function ownerName(owner: Owner): string {
  if (hasAddressSpace(owner)) return `VM ${owner}`;
  return owner === NOBODY ? 'nobody' : `parcel ${-2 - owner}`;
}
