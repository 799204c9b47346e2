import { constants } from '../../../schemas/index.js';
import type { EnumType, FlagsType } from '../../wire/index.js';
import { namedVmid, pick } from '../session/known-state.js';
import { PAGE } from '../session/page-allocator.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import type { Mutation, Rule, ValueMutation } from './mutation.js';

const { VMID_RM, VMID_ANY, VMID_PEER_DEFAULT, VMID_DYNAMIC_LAST } = constants;
const BLOCK = 0x200000;
/** Bit 44. RM takes no address with this bit or a higher one. */
const WIDE = 2 ** 44;
/** Interrupts below are private to a vCPU. */
const SHARED_VIRQ_FIRST = 32;
/** Interrupts from here on are not hardware's. */
const VIRTUAL_VIRQ_FIRST = 960;
/** VMIDs that RM never allocates. */
const UNALLOCATED: readonly number[] = [1, 2, 40, 77, 127, VMID_DYNAMIC_LAST + 1, 254, 256, 0x7fff];

const fixed =
  (value: number): ValueMutation =>
  () =>
    value;
const plus =
  (difference: number): ValueMutation =>
  (current) =>
    current + difference;

const zero = fixed(0);
const ones = fixed(-1);
const sign: ValueMutation = (_current, _session, { width }) => 2 ** (width * 8 - 1);

/** A value that a mutation sets in the draft, in any entry if the site is in a list. */
function values(rule: Rule, mutations: Readonly<Record<string, ValueMutation>>): Mutation[] {
  return Object.entries(mutations).map(([name, mutate]) => ({
    name,
    rule,
    draft(draft, { scalar, list }, session) {
      if (scalar === undefined) return;
      const { slot } = scalar;
      if (list === undefined) {
        draft.numbers[slot] = mutate(draft.numbers[slot] as number, session, scalar);
        return;
      }
      const entries = draft.filledList(list);
      const entry = session.random.below(entries.count);
      entries.set(entry, slot, mutate(entries.get(entry, slot), session, scalar));
    },
  }));
}

const notAligned = values('alignment', {
  byte: (current, { random }) => current + 1 + random.below(8),
  half_page: plus(PAGE / 2),
});

function goneOr({ random }: Session, gone: readonly number[], other: number): number {
  return pick(random, gone) ?? other;
}

function otherEnumerator(current: number, { random }: Session, listed: readonly number[]): number {
  const others = listed.filter((value) => value !== current);
  return others[random.below(Math.max(1, others.length))] ?? 0;
}

const enumerators = (type: unknown): number[] => Object.values((type as EnumType).values) as number[];
const namedBits = (type: unknown): number[] => Object.values((type as FlagsType).bits) as number[];
const allBits = (type: unknown): number => namedBits(type).reduce((sum, bit) => (sum | bit) >>> 0, 0);

/** Another valid value; where any combination is valid, one bit is flipped. */
const otherFlags: ValueMutation = (current, { random }, { field }) => {
  const { info } = field.type as FlagsType;
  const valid = info.valid ?? namedBits(field.type);
  const value = valid[random.below(valid.length)] as number;
  return info.valid === undefined && info.exactlyOne !== true ? (current ^ value) >>> 0 : value;
};

/** Mutations of scalars, by what the scalar means. */
export const valueMutations = {
  reserved: values('reserved', { nonzero: (_current, { random }) => 1 + random.below(254), ones }),
  enum: [
    ...values('none', {
      other: (current, session, { field }) => otherEnumerator(current, session, enumerators(field.type)),
    }),
    ...values('enum', {
      next: (_current, { random }, { field }) => Math.max(...enumerators(field.type)) + 1 + random.below(4),
      ones,
    }),
  ],
  flags: [
    ...values('none', { none: zero, other: otherFlags }),
    ...values('flag', {
      all: (_current, _session, { field }) => allBits(field.type),
      // The lowest bit without a name.
      unknown: (current, _session, { field }) => {
        const all = allBits(field.type);
        return (current | (~all & (all + 1))) >>> 0;
      },
      ones,
    }),
  ],
  vmid: [
    ...values('owner', {
      zero,
      hlos: fixed(VMID_HLOS),
      manager: fixed(VMID_RM),
      sender: (_current, { draft }) => draft.sender,
      other: (_current, { random, known }) => pick(random, known.vms)?.vmid ?? VMID_RM,
    }),
    ...values('stale', {
      stale: (_current, session) => goneOr(session, session.known.goneVmids, session.known.lastVmid + 1),
    }),
    ...values('future', { future: (_current, { known }) => known.lastVmid + 1 }),
    ...values('range', {
      secondary: (_current, { random }) => namedVmid(random),
      unlisted: (_current, session) => session.any(...UNALLOCATED),
      any: (_current, session) => session.any(VMID_ANY, VMID_PEER_DEFAULT),
    }),
  ],
  mem_handle: [
    ...values('stale', {
      stale: (_current, session) => goneOr(session, session.known.goneParcels, session.known.lastHandle + 1),
    }),
    ...values('future', { future: (_current, { random, known }) => known.lastHandle + 1 + random.below(3) }),
    ...values('owner', {
      other: (current, { random, known }) => pick(random, known.parcels)?.handle ?? current + 1,
    }),
    ...values('range', { ones }),
  ],
  virq_handle: [
    ...values('stale', {
      stale: (current, session) => goneOr(session, session.known.goneInterrupts, current + 1),
    }),
    ...values('future', { future: plus(1) }),
    ...values('owner', {
      other: (current, { random, known }) => pick(random, known.interrupts)?.handle ?? current + 1,
    }),
    ...values('range', { zero, ones }),
  ],
  virq: [
    ...values('owner', {
      other: (current, { random, known, machine: { interrupts } }) => {
        const lent = pick(random, known.interrupts)?.virq;
        if (lent !== undefined && random.chance(0.7)) return lent;
        return interrupts[random.below(interrupts.length)] ?? current;
      },
    }),
    ...values('range', {
      zero,
      private: fixed(SHARED_VIRQ_FIRST - 1),
      virtual: fixed(VIRTUAL_VIRQ_FIRST),
      sign,
      ones,
    }),
  ],
  address: [
    ...notAligned,
    ...values('owner', {
      other: (_current, { random, known }) => pick(random, known.parcels)?.ranges[0]?.address ?? 0,
    }),
    ...values('range', {
      zero,
      page_on: plus(PAGE),
      page_back: plus(-PAGE),
      wide: fixed(WIDE),
      sign,
      ones,
      last_page: fixed(-PAGE),
    }),
  ],
  size: [
    ...notAligned,
    ...values('range', {
      zero,
      page_on: plus(PAGE),
      page_back: plus(-PAGE),
      block: plus(BLOCK),
      wide: fixed(WIDE),
      sign,
      ones,
      last_page: fixed(-PAGE),
    }),
  ],
  plain: values('none', { zero, one: fixed(1), sign, ones, random: (_current, { random }) => random.u32() }),
} as const;
