import type { Random } from '../../base/random.js';
import type { Draft } from '../message/draft.js';
import { BYTES_MAX } from '../message/message-shape.js';
import type { Mutation } from './mutation.js';

/** Longest payload that RM reassembles (rpc.md). */
const PAYLOAD_MAX = 14_616;
const MASK_16 = 0xffff;

function declaredLength(name: string, lengthOf: (count: number) => number): Mutation {
  return {
    name,
    rule: 'length',
    draft(draft) {
      draft.lengthDeclared = lengthOf(draft.byteCount);
    },
  };
}

/** Mutations of the field that holds the length of the bytes. */
export const lengthMutations: readonly Mutation[] = [
  declaredLength('zero', () => 0),
  declaredLength('more', (count) => count + 1),
  declaredLength('less', (count) => Math.max(0, count - 1)),
  declaredLength('ones', () => MASK_16),
];

export const bytesMutations: readonly Mutation[] = [
  {
    name: 'padding',
    rule: 'padding',
    draft(draft, _site, { random }) {
      draft.padding = 1 + random.below(255);
      // Whole words have no padding.
      if (draft.byteCount % 4 === 0) draft.bytes[draft.byteCount++] = 0x61;
    },
  },
  {
    name: 'longest',
    rule: 'length',
    draft(draft, _site, { random }) {
      draft.byteCount = random.chance(0.5) ? BYTES_MAX : 80 + random.below(BYTES_MAX - 80);
      randomise(draft.bytes, draft.byteCount, random);
    },
  },
  {
    name: 'garbage',
    rule: 'none',
    draft: (draft, _site, { random }) => randomise(draft.bytes, draft.byteCount, random),
  },
];

function randomise(bytes: Uint8Array, size: number, random: Random): void {
  for (let at = 0; at < size; at++) bytes[at] = random.below(256);
}

/** Mutations of fields that may be missing. */
export const optionalMutations: readonly Mutation[] = [
  {
    name: 'left_out',
    rule: 'length',
    // Nothing can follow a field that is left out.
    draft(draft, { field = 0 }) {
      for (let index = field; index < draft.shape.fields.length; index++) draft.leftOut |= 1 << index;
    },
  },
  {
    name: 'put_in',
    rule: 'length',
    draft(draft, { field = 0 }) {
      draft.forced |= 1 << field;
    },
  },
];

const payloadChanges: Readonly<Record<string, (draft: Draft, random: Random) => void>> = {
  no_payload: (draft) => resize(draft, 0),
  cut_byte: (draft, random) => resize(draft, draft.size - 1 - random.below(3)),
  cut_word: (draft, random) => resize(draft, draft.size - 4 * (1 + random.below(2))),
  cut_half: (draft) => resize(draft, draft.size >>> 1),
  extra_byte: (draft) => resize(draft, draft.size + 1),
  extra_word: (draft, random) => resize(draft, draft.size + 4 * (1 + random.below(4)), () => random.below(2)),
  largest: (draft, random) => resize(draft, random.chance(0.5) ? PAYLOAD_MAX : 232 + random.below(3)),
  garbage: ({ payload, size }, random) => randomise(payload, size, random),
  flipped({ payload, size }, random) {
    if (size === 0) return;
    const at = random.below(size);
    payload[at] = (payload[at] as number) ^ (1 << random.below(8));
  },
};

/** Mutations of the payload as a whole. */
export const payloadMutations: readonly Mutation[] = Object.entries(payloadChanges).map(
  ([name, payload]) => ({ name, rule: 'length', payload }),
);

/** @param size bytes; less than 0 is 0. @param byte value of each byte that is added; 0 unless given. */
function resize(draft: Draft, size: number, byte?: () => number): void {
  const end = Math.max(0, size);
  if (byte === undefined) draft.payload.fill(0, draft.size, end);
  else for (let at = draft.size; at < end; at++) draft.payload[at] = byte();
  draft.size = end;
}
