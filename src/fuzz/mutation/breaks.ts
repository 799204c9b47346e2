import type { Random } from '../../base/random.js';
import type { EnumType, FlagsType } from '../../wire/index.js';
import type { Draft } from '../message/draft.js';
import {
  BYTES_MAX,
  ENTRY_WIDTH,
  type ListShape,
  type MutationSite,
  type ScalarShape,
} from '../message/message-shape.js';

const PAGE = 0x1000;
const BLOCK = 0x200000;
/** Addresses of this many bits and more are never taken. */
const WIDE = 2 ** 44;
const SIGN_64 = 2 ** 63;
/** The last page of 64 bits, as the two's complement that a draft holds. */
const LAST_PAGE = -PAGE;
const MAX_PAYLOAD = 14_616;
const MASK_16 = 0xffff;

/** Names of things that are not what the request is about, from what the session knows. */
export interface Referents {
  vmid(name: string, draft: Draft): number;
  memHandle(name: string, current: number): number;
  virqHandle(name: string, current: number): number;
  virq(current: number): number;
  /** Memory of someone else, or memory that was given away. */
  address(): number;
  /** Where another range of the sender's can be had, for lists that are longer than usual. */
  spare(): number;
}

/** Changes one site of a draft that is right before it is written. Places that are not values are left alone. */
export function breakValue(
  draft: Draft,
  site: MutationSite,
  name: string,
  referents: Referents,
  random: Random,
): void {
  const { kind, scalar, list } = site;
  if (kind === 'list' && list !== undefined) breakList(draft, list, name, referents);
  else if (kind === 'bytes') breakBytes(draft, name, random);
  else if (kind === 'length') draft.lengthDeclared = declaredLength(draft.byteCount, name);
  else if (kind === 'optional') breakPresence(draft, site.part, name);
  else if (scalar !== undefined && list !== undefined) {
    const entries = draft.list(list.index);
    if (entries.count === 0) entries.add(0);
    const entry = random.below(entries.count);
    const current = entries.get(entry, scalar.slot);
    entries.set(entry, scalar.slot, otherValue(draft, site, scalar, current, name, referents, random));
  } else if (scalar !== undefined) {
    const current = draft.numbers[scalar.slot] as number;
    draft.numbers[scalar.slot] = otherValue(draft, site, scalar, current, name, referents, random);
  }
}

function otherValue(
  draft: Draft,
  { kind }: MutationSite,
  { field, width }: ScalarShape,
  current: number,
  name: string,
  referents: Referents,
  random: Random,
): number {
  switch (kind) {
    case 'enum':
      return otherEnum(field.type as EnumType, current, name, random);
    case 'flags':
      return otherFlags(field.type as FlagsType, current, name, random);
    case 'vmid':
      return referents.vmid(name, draft);
    case 'mem_handle':
      return name === 'ones' ? -1 : referents.memHandle(name, current);
    case 'virq_handle':
      return name === 'ones' ? -1 : name === 'zero' ? 0 : referents.virqHandle(name, current);
    case 'virq':
      return name === 'other' ? referents.virq(current) : virqs(name);
    case 'address':
      return name === 'other' ? referents.address() : otherNumber(current, name, width, random);
    default:
      return otherNumber(current, name, width, random);
  }
}

function otherNumber(current: number, name: string, width: number, random: Random): number {
  switch (name) {
    case 'zero':
      return 0;
    case 'one':
      return 1;
    case 'ones':
      return -1;
    case 'nonzero':
      return 1 + random.below(254);
    case 'sign':
      return width === 8 ? SIGN_64 : 2 ** (width * 8 - 1);
    case 'byte':
      return current + 1 + random.below(8);
    case 'half_page':
      return current + PAGE / 2;
    case 'page_on':
      return current + PAGE;
    case 'page_back':
      return current - PAGE;
    case 'block':
      return current + BLOCK;
    case 'wide':
      return WIDE;
    case 'last_page':
      return LAST_PAGE;
    default:
      return random.u32();
  }
}

const PRIVATE_VIRQS = 32;
const VIRTUAL_VIRQ = 960;

function virqs(name: string): number {
  if (name === 'private') return PRIVATE_VIRQS - 1;
  if (name === 'virtual') return VIRTUAL_VIRQ;
  return name === 'sign' ? 2 ** 31 : name === 'ones' ? -1 : 0;
}

function otherEnum({ values }: EnumType, current: number, name: string, random: Random): number {
  const listed = Object.values(values) as number[];
  if (name === 'ones') return -1;
  if (name === 'next') return Math.max(...listed) + 1 + random.below(4);
  const others = listed.filter((value) => value !== current);
  return others[random.below(Math.max(1, others.length))] ?? 0;
}

function otherFlags({ bits, info }: FlagsType, current: number, name: string, random: Random): number {
  const named = Object.values(bits) as number[];
  const all = named.reduce((sum, bit) => (sum | bit) >>> 0, 0);
  switch (name) {
    case 'none':
      return 0;
    case 'all':
      return all;
    case 'ones':
      return -1;
    case 'unknown':
      // The lowest bit without a name.
      return (current | (~all & (all + 1))) >>> 0;
    default: {
      const valid = info.valid ?? named;
      return info.valid === undefined && info.exactlyOne !== true
        ? (current ^ (valid[random.below(valid.length)] as number)) >>> 0
        : (valid[random.below(valid.length)] as number);
    }
  }
}

function declaredLength(count: number, name: string): number {
  if (name === 'zero') return 0;
  if (name === 'ones') return MASK_16;
  return name === 'more' ? count + 1 : Math.max(0, count - 1);
}

function breakPresence(draft: Draft, part: number, name: string): void {
  // Nothing can follow what was left out.
  if (name === 'left_out')
    for (let index = part; index < draft.shape.parts.length; index++) draft.leftOut |= 1 << index;
  else draft.forced |= 1 << part;
}

function breakBytes(draft: Draft, name: string, random: Random): void {
  if (name === 'padding') {
    draft.padding = 1 + random.below(255);
    // Whole words have no padding.
    if (draft.byteCount % 4 === 0) draft.bytes[draft.byteCount++] = 0x61;
    return;
  }
  if (name === 'longest')
    draft.byteCount = random.chance(0.5) ? BYTES_MAX : 80 + random.below(BYTES_MAX - 80);
  for (let index = 0; index < draft.byteCount; index++) draft.bytes[index] = random.below(256);
}

function breakList(draft: Draft, list: ListShape, name: string, referents: Referents): void {
  const entries = draft.list(list.index);
  const { count } = entries;
  switch (name) {
    case 'empty':
      entries.count = 0;
      return;
    case 'declared_more':
      entries.declared = count + 1;
      return;
    case 'declared_less':
      entries.declared = Math.max(0, count - 1);
      return;
    case 'declared_ones':
      entries.declared = -1;
      return;
    case 'declared_max':
      entries.declared = list.max + 1;
      return;
    case 'longest':
      fill(draft, list, list.max, referents);
      return;
    case 'too_long':
      fill(draft, list, list.max + 1, referents);
      return;
    case 'duplicate':
      copyEntry(draft, list, 0);
      return;
    case 'split':
      split(draft, list);
      return;
    default:
      reverse(draft, list);
  }
}

/** As many entries as wanted, each like the first but for what must not repeat. */
function fill(draft: Draft, list: ListShape, count: number, referents: Referents): void {
  const entries = draft.list(list.index);
  const scalars = draft.entryOf(list);
  if (entries.count === 0) entries.add(0);
  while (entries.count < count) {
    const entry = entries.count;
    copyEntry(draft, list, 0);
    if (entries.count === entry) return;
    for (const { slot, field, width } of scalars) {
      if (field.role === 'vmid') entries.set(entry, slot, 4 + (entry % 28));
      else if (field.role === 'ipa') entries.set(entry, slot, referents.spare());
      else if (field.role === 'size' && width === 8) entries.set(entry, slot, PAGE);
    }
  }
}

function copyEntry(draft: Draft, list: ListShape, from: number): void {
  const entries = draft.list(list.index);
  const at = from * ENTRY_WIDTH;
  const [first = 0, second = 0, third = 0, fourth = 0] = entries.numbers.subarray(at, at + ENTRY_WIDTH);
  entries.add(first, second, third, fourth);
}

/** The first range in two: the same memory, written otherwise. */
function split(draft: Draft, list: ListShape): void {
  const entries = draft.list(list.index);
  const scalars = draft.entryOf(list);
  const size = scalars.find(({ field }) => field.role === 'size');
  const address = scalars.find(({ field }) => field.role === 'ipa');
  if (size === undefined || address === undefined || entries.count === 0) return;
  const whole = entries.get(0, size.slot);
  if (whole <= PAGE) return;
  entries.set(0, size.slot, PAGE);
  copyEntry(draft, list, 0);
  entries.set(entries.count - 1, address.slot, entries.get(0, address.slot) + PAGE);
  entries.set(entries.count - 1, size.slot, whole - PAGE);
}

function reverse(draft: Draft, list: ListShape): void {
  const entries = draft.list(list.index);
  for (let low = 0, high = entries.count - 1; low < high; low++, high--)
    for (let slot = 0; slot < ENTRY_WIDTH; slot++) {
      const other = entries.get(high, slot);
      entries.set(high, slot, entries.get(low, slot));
      entries.set(low, slot, other);
    }
}

/** Changes the payload of a draft as a whole once it is written. */
export function breakPayload(draft: Draft, name: string, random: Random): void {
  const { payload, size } = draft;
  const grow = (to: number, byte: () => number) => {
    for (let at = size; at < to; at++) payload[at] = byte();
    draft.size = Math.max(to, 0);
  };
  switch (name) {
    case 'no_payload':
      draft.size = 0;
      return;
    case 'cut_byte':
      draft.size = Math.max(0, size - 1 - random.below(3));
      return;
    case 'cut_word':
      draft.size = Math.max(0, size - 4 * (1 + random.below(2)));
      return;
    case 'cut_half':
      draft.size = size >>> 1;
      return;
    case 'extra_byte':
      grow(size + 1, () => 0);
      return;
    case 'extra_word':
      grow(size + 4 * (1 + random.below(4)), () => random.below(2));
      return;
    case 'largest':
      draft.size = random.chance(0.5) ? MAX_PAYLOAD : 232 + random.below(3);
      payload.fill(0, size, draft.size);
      return;
    case 'garbage':
      for (let at = 0; at < size; at++) payload[at] = random.below(256);
      return;
    default:
      if (size > 0) {
        const at = random.below(size);
        payload[at] = (payload[at] as number) ^ (1 << random.below(8));
      }
  }
}
