/**
 * The reference of the benchmark: what a good engineer writes by hand for these five messages. One shared view and an
 * offset, a switch, every object in one literal, and the checks that the codec makes: bounds, counts against what is
 * left and RM's maximum, nothing left over, reserved words in the value when they are not zero.
 */
import { Kind } from './cases.js';

const ENTRIES_MAX = 512;

function fail(what: string, offset: number): never {
  throw new RangeError(`${what} at ${offset}`);
}

/** Decodes the payload [start, end). Throws RangeError when it is not exactly one message of that kind. */
export function decodeByHand(kind: number, v: DataView, start: number, end: number): unknown {
  switch (kind) {
    case Kind.allocVmid:
      return allocVmid(v, start, end);
    case Kind.configImage:
      return configImage(v, start, end);
    case Kind.status:
      return status(v, start, end);
    case Kind.resources:
      return resources(v, start, end);
    case Kind.share:
      return share(v, start, end);
    default:
      return fail('unknown kind', start);
  }
}

function allocVmid(v: DataView, p: number, end: number) {
  if (end - p !== 4) fail('size', p);
  const reserved = v.getUint16(p + 2, true);
  if (reserved !== 0) return { vmid: v.getUint16(p, true), reserved };
  return { vmid: v.getUint16(p, true) };
}

function configImage(v: DataView, p: number, end: number) {
  if (end - p !== 40) fail('size', p);
  return {
    vmid: v.getUint16(p, true),
    auth_mech: v.getUint16(p + 2, true),
    mem_handle: v.getUint32(p + 4, true),
    image_offset: v.getBigUint64(p + 8, true),
    image_size: v.getBigUint64(p + 16, true),
    dtb_offset: v.getBigUint64(p + 24, true),
    dtb_size: v.getBigUint64(p + 32, true),
  };
}

function status(v: DataView, p: number, end: number) {
  if (end - p !== 8) fail('size', p);
  const value: { vmid: number; vm_status: number; os_status: number; app_status: number; reserved?: number } =
    {
      vmid: v.getUint16(p, true),
      vm_status: v.getUint8(p + 4),
      os_status: v.getUint8(p + 5),
      app_status: v.getUint16(p + 6, true),
    };
  const reserved = v.getUint16(p + 2, true);
  if (reserved !== 0) value.reserved = reserved;
  return value;
}

interface Resource {
  type: number;
  partner_vmid: number;
  resource_handle: number;
  resource_label: number;
  cap_id: bigint;
  virq_handle: number;
  virq: number;
  base: bigint;
  size: bigint;
  reserved?: number;
}

function resources(v: DataView, start: number, end: number) {
  let p = start;
  if (end - p < 4) fail('truncated', p);
  const count = v.getUint32(p, true);
  p += 4;
  if (end - p !== count * 44) fail('count', start);
  const entries = new Array<Resource>(count);
  for (let i = 0; i < count; i++, p += 44) {
    const entry: Resource = {
      type: v.getUint8(p),
      partner_vmid: v.getUint16(p + 2, true),
      resource_handle: v.getUint32(p + 4, true),
      resource_label: v.getUint32(p + 8, true),
      cap_id: v.getBigUint64(p + 12, true),
      virq_handle: v.getUint32(p + 20, true),
      virq: v.getUint32(p + 24, true),
      base: v.getBigUint64(p + 28, true),
      size: v.getBigUint64(p + 36, true),
    };
    const reserved = v.getUint8(p + 1);
    if (reserved !== 0) entry.reserved = reserved;
    entries[i] = entry;
  }
  return { entries };
}

interface AclEntry {
  vmid: number;
  rights: number;
  reserved?: number;
}

interface Share {
  mem_type: number;
  flags: number;
  label: number;
  acl_entries: AclEntry[];
  sgl_entries: { ipa: bigint; size: bigint }[];
  attr_entries?: { attr: number; vmid: number }[];
  reserved?: number;
  reserved1?: number;
  acl_entries_reserved?: number;
  sgl_entries_reserved?: number;
  attr_entries_reserved?: number;
}

/** The count of the list at `p`, after the checks that let its entries be read without any. */
function listCount(v: DataView, p: number, end: number, entrySize: number): number {
  if (end - p < 4) fail('truncated', p);
  const count = v.getUint16(p, true);
  if (count > ENTRIES_MAX) fail('max', p);
  if (end - p - 4 < count * entrySize) fail('truncated', p);
  return count;
}

function share(v: DataView, start: number, end: number): Share {
  if (end - start < 8) fail('truncated', start);
  const acl = start + 8;
  const aclCount = listCount(v, acl, end, 4);
  const aclEntries = new Array<AclEntry>(aclCount);
  let p = acl + 4;
  for (let i = 0; i < aclCount; i++, p += 4) {
    const entry: AclEntry = { vmid: v.getUint16(p, true), rights: v.getUint8(p + 2) };
    const reserved = v.getUint8(p + 3);
    if (reserved !== 0) entry.reserved = reserved;
    aclEntries[i] = entry;
  }
  const sgl = p;
  const sglCount = listCount(v, sgl, end, 16);
  const sglEntries = new Array<{ ipa: bigint; size: bigint }>(sglCount);
  p += 4;
  for (let i = 0; i < sglCount; i++, p += 16) {
    sglEntries[i] = { ipa: v.getBigUint64(p, true), size: v.getBigUint64(p + 8, true) };
  }
  const attr = p;
  const value: Share =
    attr < end
      ? {
          mem_type: v.getUint8(start),
          flags: v.getUint8(start + 2),
          label: v.getUint32(start + 4, true),
          acl_entries: aclEntries,
          sgl_entries: sglEntries,
          attr_entries: attrEntries(v, attr, end),
        }
      : {
          mem_type: v.getUint8(start),
          flags: v.getUint8(start + 2),
          label: v.getUint32(start + 4, true),
          acl_entries: aclEntries,
          sgl_entries: sglEntries,
        };
  const reserved = v.getUint8(start + 1);
  if (reserved !== 0) value.reserved = reserved;
  const reserved1 = v.getUint8(start + 3);
  if (reserved1 !== 0) value.reserved1 = reserved1;
  const aclReserved = v.getUint16(acl + 2, true);
  if (aclReserved !== 0) value.acl_entries_reserved = aclReserved;
  const sglReserved = v.getUint16(sgl + 2, true);
  if (sglReserved !== 0) value.sgl_entries_reserved = sglReserved;
  if (attr < end) {
    const attrReserved = v.getUint16(attr + 2, true);
    if (attrReserved !== 0) value.attr_entries_reserved = attrReserved;
  }
  return value;
}

/** The last list: it must end where the payload ends. */
function attrEntries(v: DataView, start: number, end: number) {
  const count = listCount(v, start, end, 4);
  if (start + 4 + count * 4 !== end) fail('trailing', start + 4 + count * 4);
  const entries = new Array<{ attr: number; vmid: number }>(count);
  for (let i = 0, p = start + 4; i < count; i++, p += 4) {
    entries[i] = { attr: v.getUint16(p, true), vmid: v.getUint16(p + 2, true) };
  }
  return entries;
}
