/**
 * The same five messages with restructure as it is: its own structs, arrays, numbers and reserved fields, none of our
 * checks. It has no 64-bit integer (its stream's readBigUInt64LE loses the position), so 64-bit values are a low and a
 * high word; `wide` instead adds the type that it lacks. Counts are fields of the value, since its arrays neither fill
 * them in nor hide them.
 */
import * as r from 'restructure';

type Fields = Readonly<Record<string, r.Type>>;

/** How a 64-bit field is declared. */
export type Wide = (name: string) => Fields;

export const words: Wide = (name) => ({ [`${name}_low`]: r.uint32le, [`${name}_high`]: r.uint32le });

const u64: r.Type = {
  decode(stream) {
    const value = stream.view.getBigUint64(stream.pos, true);
    stream.pos += 8;
    return value;
  },
  encode(stream, value) {
    stream.view.setBigUint64(stream.pos, value as bigint, true);
    stream.pos += 8;
  },
  size: () => 8,
};

export const wide: Wide = (name) => ({ [name]: u64 });

const reserved8 = new r.Reserved(r.uint8);
const reserved16 = new r.Reserved(r.uint16le);

function list(name: string, entry: r.Type): Fields {
  return {
    [`${name}_count`]: r.uint16le,
    [`${name}_reserved`]: reserved16,
    [name]: new r.Array(entry, `${name}_count`),
  };
}

/** The declarations by message index. */
export function declareStock(long: Wide): readonly r.Struct[] {
  const resource = new r.Struct({
    type: r.uint8,
    reserved: reserved8,
    partner_vmid: r.uint16le,
    resource_handle: r.uint32le,
    resource_label: r.uint32le,
    ...long('cap_id'),
    virq_handle: r.uint32le,
    virq: r.uint32le,
    ...long('base'),
    ...long('size'),
  });
  const aclEntry = new r.Struct({ vmid: r.uint16le, rights: r.uint8, reserved: reserved8 });
  const sglEntry = new r.Struct({ ...long('ipa'), ...long('size') });
  const attrEntry = new r.Struct({ attr: r.uint16le, vmid: r.uint16le });
  return [
    new r.Struct({ vmid: r.uint16le, reserved: reserved16 }),
    new r.Struct({
      vmid: r.uint16le,
      auth_mech: r.uint16le,
      mem_handle: r.uint32le,
      ...long('image_offset'),
      ...long('image_size'),
      ...long('dtb_offset'),
      ...long('dtb_size'),
    }),
    new r.Struct({
      vmid: r.uint16le,
      reserved: reserved16,
      vm_status: r.uint8,
      os_status: r.uint8,
      app_status: r.uint16le,
    }),
    new r.Struct({ entries_count: r.uint32le, entries: new r.Array(resource, 'entries_count') }),
    new r.Struct({
      mem_type: r.uint8,
      reserved: reserved8,
      flags: r.uint8,
      reserved1: reserved8,
      label: r.uint32le,
      ...list('acl_entries', aclEntry),
      ...list('sgl_entries', sglEntry),
      ...list('attr_entries', attrEntry),
    }),
  ];
}

type Item = Record<string, unknown>;

/** Our value as restructure wants it: with counts, and 64-bit values in words where they are declared so. */
export function toStock(value: unknown, long: Wide): Item {
  const item: Item = {};
  for (const [name, part] of Object.entries(value as Item)) {
    if (Array.isArray(part)) {
      item[`${name}_count`] = part.length;
      item[name] = part.map((entry) => toStock(entry, long));
    } else if (typeof part === 'bigint' && long === words) {
      item[`${name}_low`] = Number(part & 0xffffffffn);
      item[`${name}_high`] = Number(part >> 32n);
    } else item[name] = part;
  }
  return item;
}

/** Its value as ours. */
export function fromStock(value: unknown): Item {
  const item: Item = {};
  for (const [name, part] of Object.entries(value as Item)) {
    if (Array.isArray(part)) item[name] = part.map(fromStock);
    else if (name.endsWith('_low')) item[name.slice(0, -4)] = BigInt(part as number);
    else if (name.endsWith('_high')) {
      const low = item[name.slice(0, -5)] as bigint;
      item[name.slice(0, -5)] = (BigInt(part as number) << 32n) | low;
    } else if (!name.endsWith('_count')) item[name] = part;
  }
  return item;
}
