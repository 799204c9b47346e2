/**
 * The reference encoder: writes into one scratch view and makes the checks that the codec makes. Every field has its
 * type and range, no key is missing or unknown, counts fit, the view has room.
 */
import { Kind } from './cases.js';

function refuse(what: string): never {
  throw new RangeError(what);
}

// Bit operations give back the value itself for integers in range only: type and range in one comparison.
function u8(x: unknown): number {
  return ((x as number) & 0xff) === x ? x : refuse('u8');
}

function u16(x: unknown): number {
  return ((x as number) & 0xffff) === x ? x : refuse('u16');
}

function u32(x: unknown): number {
  return (x as number) >>> 0 === x ? x : refuse('u32');
}

function u64(x: unknown): bigint {
  return typeof x === 'bigint' && BigInt.asUintN(64, x) === x ? x : refuse('u64');
}

type Item = Record<string, unknown>;

function object(x: unknown): Item {
  return typeof x === 'object' && x !== null ? (x as Item) : refuse('object');
}

/** How many keys an optional field is. */
function present(x: unknown): 0 | 1 {
  return x === undefined ? 0 : 1;
}

function onlyKeys(o: Item, count: number): void {
  let left = count;
  for (const _ in o) left--;
  if (left !== 0) refuse('unknown key');
}

/** Encodes the value at `start`; returns the end. Throws RangeError when value or view do not fit. */
export function encodeByHand(kind: number, value: unknown, v: DataView, start: number): number {
  const o = object(value);
  switch (kind) {
    case Kind.allocVmid:
      return allocVmid(o, v, start);
    case Kind.configImage:
      return configImage(o, v, start);
    case Kind.status:
      return status(o, v, start);
    case Kind.resources:
      return resources(o, v, start);
    case Kind.share:
      return share(o, v, start);
    default:
      return refuse('unknown kind');
  }
}

function allocVmid(o: Item, v: DataView, p: number): number {
  if (v.byteLength - p < 4) refuse('capacity');
  const { reserved } = o;
  v.setUint16(p, u16(o.vmid), true);
  v.setUint16(p + 2, reserved === undefined ? 0 : u16(reserved), true);
  onlyKeys(o, 1 + present(reserved));
  return p + 4;
}

function configImage(o: Item, v: DataView, p: number): number {
  if (v.byteLength - p < 40) refuse('capacity');
  v.setUint16(p, u16(o.vmid), true);
  v.setUint16(p + 2, u16(o.auth_mech), true);
  v.setUint32(p + 4, u32(o.mem_handle), true);
  v.setBigUint64(p + 8, u64(o.image_offset), true);
  v.setBigUint64(p + 16, u64(o.image_size), true);
  v.setBigUint64(p + 24, u64(o.dtb_offset), true);
  v.setBigUint64(p + 32, u64(o.dtb_size), true);
  onlyKeys(o, 7);
  return p + 40;
}

function status(o: Item, v: DataView, p: number): number {
  if (v.byteLength - p < 8) refuse('capacity');
  const { reserved } = o;
  v.setUint16(p, u16(o.vmid), true);
  v.setUint16(p + 2, reserved === undefined ? 0 : u16(reserved), true);
  v.setUint8(p + 4, u8(o.vm_status));
  v.setUint8(p + 5, u8(o.os_status));
  v.setUint16(p + 6, u16(o.app_status), true);
  onlyKeys(o, 4 + present(reserved));
  return p + 8;
}

function resources(o: Item, v: DataView, start: number): number {
  const { entries } = o;
  if (!Array.isArray(entries) || entries.length > 0xffffffff) refuse('entries');
  if (v.byteLength - start < 4 + entries.length * 44) refuse('capacity');
  v.setUint32(start, entries.length, true);
  let p = start + 4;
  for (let i = 0; i < entries.length; i++, p += 44) resource(object(entries[i]), v, p);
  onlyKeys(o, 1);
  return p;
}

function resource(o: Item, v: DataView, p: number): void {
  const { reserved } = o;
  v.setUint8(p, u8(o.type));
  v.setUint8(p + 1, reserved === undefined ? 0 : u8(reserved));
  v.setUint16(p + 2, u16(o.partner_vmid), true);
  v.setUint32(p + 4, u32(o.resource_handle), true);
  v.setUint32(p + 8, u32(o.resource_label), true);
  v.setBigUint64(p + 12, u64(o.cap_id), true);
  v.setUint32(p + 20, u32(o.virq_handle), true);
  v.setUint32(p + 24, u32(o.virq), true);
  v.setBigUint64(p + 28, u64(o.base), true);
  v.setBigUint64(p + 36, u64(o.size), true);
  onlyKeys(o, 9 + present(reserved));
}

/** Writes a list's header after the check that all of it has room. */
function listHead(list: unknown, second: unknown, v: DataView, p: number, entrySize: number): Item[] {
  if (!Array.isArray(list) || list.length > 0xffff) return refuse('list');
  if (v.byteLength - p < 4 + list.length * entrySize) refuse('capacity');
  v.setUint16(p, list.length, true);
  v.setUint16(p + 2, second === undefined ? 0 : u16(second), true);
  return list;
}

function share(o: Item, v: DataView, start: number): number {
  if (v.byteLength - start < 8) refuse('capacity');
  const { reserved, reserved1, acl_entries_reserved, sgl_entries_reserved, attr_entries } = o;
  v.setUint8(start, u8(o.mem_type));
  v.setUint8(start + 1, reserved === undefined ? 0 : u8(reserved));
  v.setUint8(start + 2, u8(o.flags));
  v.setUint8(start + 3, reserved1 === undefined ? 0 : u8(reserved1));
  v.setUint32(start + 4, u32(o.label), true);
  const acl = listHead(o.acl_entries, acl_entries_reserved, v, start + 8, 4);
  let p = start + 12;
  for (let i = 0; i < acl.length; i++, p += 4) aclEntry(object(acl[i]), v, p);
  const sgl = listHead(o.sgl_entries, sgl_entries_reserved, v, p, 16);
  p += 4;
  for (let i = 0; i < sgl.length; i++, p += 16) sglEntry(object(sgl[i]), v, p);
  let keys = 5 + present(reserved) + present(reserved1);
  keys += present(acl_entries_reserved) + present(sgl_entries_reserved);
  if (attr_entries !== undefined) {
    const { attr_entries_reserved } = o;
    const attr = listHead(attr_entries, attr_entries_reserved, v, p, 4);
    p += 4;
    for (let i = 0; i < attr.length; i++, p += 4) attrEntry(object(attr[i]), v, p);
    keys += 1 + present(attr_entries_reserved);
  }
  onlyKeys(o, keys);
  return p;
}

function aclEntry(o: Item, v: DataView, p: number): void {
  const { reserved } = o;
  v.setUint16(p, u16(o.vmid), true);
  v.setUint8(p + 2, u8(o.rights));
  v.setUint8(p + 3, reserved === undefined ? 0 : u8(reserved));
  onlyKeys(o, 2 + present(reserved));
}

function sglEntry(o: Item, v: DataView, p: number): void {
  v.setBigUint64(p, u64(o.ipa), true);
  v.setBigUint64(p + 8, u64(o.size), true);
  onlyKeys(o, 2);
}

function attrEntry(o: Item, v: DataView, p: number): void {
  v.setUint16(p, u16(o.attr), true);
  v.setUint16(p + 2, u16(o.vmid), true);
  onlyKeys(o, 2);
}
