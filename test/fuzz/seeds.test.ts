import { describe, expect, it } from 'vitest';
import { limits, MEM_SHARE, protocol, VM_ALLOC_VMID, VM_INIT, VM_START } from '../../schemas/index.js';
import { viewOf } from '../../src/base/bytes.js';
import { Random } from '../../src/base/random.js';
import { Comparisons } from '../../src/fuzz/guide/comparisons.js';
import { exactChanges } from '../../src/fuzz/guide/exact-changes.js';
import { Seeds } from '../../src/fuzz/guide/seeds.js';
import { bind } from '../../src/fuzz/play/id-binding.js';
import { encodeMessage } from '../../src/rpc/index.js';
import type { Message } from '../../src/schema/index.js';
import { emptyResponse, frameId, type Response, type Step } from '../../src/target/index.js';

const HLOS = 3;

function step(message: Message, payload: Readonly<Record<string, unknown>>): Step {
  const [frame] = encodeMessage(protocol, message, 'request', { seq: 1, payload: payload as never });
  return { kind: 'frame', from: HLOS, frame: frame as Uint8Array };
}

const alloc = step(VM_ALLOC_VMID, { vmid: 0 });
const init = step(VM_INIT, { vmid: 5 });
const start = step(VM_START, { vmid: 5 });
const share = (label: number) =>
  step(MEM_SHARE, {
    mem_type: 0,
    flags: 0,
    label,
    acl_entries: [{ vmid: 3, rights: 4 }],
    sgl_entries: [{ ipa: 0n, size: 4096n }],
  });
const reaching = (...edges: readonly number[]): Response => ({ ...emptyResponse, edges });
const idsOf = (steps: readonly Step[]) => steps.map((one) => (one.kind === 'frame' ? frameId(one.frame) : 0));
const labelOf = (one: Step | undefined) =>
  one?.kind === 'frame' ? viewOf(one.frame).getUint32(limits.header + 4, true) : undefined;

/** All sessions that are chosen in many draws. */
function chosen(seeds: Seeds): ReadonlySet<string> {
  const random = new Random(1, 'test');
  const draws = Array.from({ length: 200 }, () => seeds.choose(random).map(({ step: one }) => one));
  return new Set(draws.map((steps) => idsOf(steps).join(' ')));
}

describe('seeds', () => {
  it('are the shortest session to each edge: one for each step that reached something first', () => {
    const seeds = new Seeds();
    const steps = [alloc, init, start];
    const found = seeds.played(steps, [reaching(1), emptyResponse, reaching(2, 3)]);
    expect(found?.edges).toEqual([1, 2, 3]);
    expect([seeds.count, seeds.edgeCount, seeds.found]).toEqual([2, 3, 1]);
    expect(chosen(seeds)).toEqual(new Set([idsOf([alloc]).join(' '), idsOf(steps).join(' ')]));
  });

  it('give way to sessions that cost much less, and are dropped when none of their edges is left', () => {
    const seeds = new Seeds();
    const long = [...Array.from({ length: 30 }, () => init), start];
    seeds.played(
      long,
      long.map((_, index) => (index === 30 ? reaching(7) : emptyResponse)),
    );
    expect(seeds.played([start], [reaching(7)])).toBeUndefined();
    expect(seeds.count).toBe(1);
    expect(chosen(seeds)).toEqual(new Set([idsOf([start]).join(' ')]));
  });

  it('never end with the step at which the target ended', () => {
    const seeds = new Seeds();
    const ended = { kind: 'crash', text: 'abort' } as const;
    seeds.played([alloc, start], [reaching(1), { ...reaching(2), ended }]);
    expect(seeds.edgeCount).toBe(2);
    expect(chosen(seeds)).toEqual(new Set([idsOf([alloc]).join(' ')]));
  });

  it('are tried with the constant in the place of what it was compared with', () => {
    const seeds = new Seeds();
    const comparisons = [0x4d444d50, 3141, 16, 999_999];
    seeds.played([share(3141)], [{ ...reaching(1), comparisons }]);
    expect(labelOf(seeds.nextExact()?.at(-1)?.step)).toBe(0x4d444d50);
    expect(seeds.nextExact()).toBeUndefined();
  });

  it('are tried for those that they take the place of before these were tried', () => {
    const seeds = new Seeds();
    const long = [...Array.from({ length: 30 }, () => init), share(3141)];
    const comparisons = [0x4d444d50, 3141];
    seeds.played(
      long,
      long.map((_, index) => (index === 30 ? { ...reaching(7), comparisons } : emptyResponse)),
    );
    expect(seeds.nextExact()).toBeUndefined();
    seeds.played([share(3141)], [{ ...reaching(7), comparisons }]);
    expect(labelOf(seeds.nextExact()?.at(-1)?.step)).toBe(0x4d444d50);
  });
});

describe('comparisons', () => {
  const unknown = (id: number): Step => {
    const frame = alloc.kind === 'frame' ? alloc.frame.slice() : new Uint8Array(0);
    viewOf(frame).setUint32(4, id, true);
    return { kind: 'frame', from: HLOS, frame };
  };

  it('are kept for each message, and together for all ids that no message has', () => {
    const comparisons = new Comparisons();
    comparisons.add(alloc, [1, 2]);
    for (let id = 0; id < 1000; id++) comparisons.add(unknown(0x7000_0000 + id), [3, id]);
    expect(comparisons.of(alloc)).toEqual([{ constant: 1, value: 2 }]);
    expect(comparisons.of(init)).toEqual([]);
    const kept = comparisons.of(unknown(0x6000_0000)).map(({ value }) => value);
    expect(kept.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, index) => 744 + index));
  });
});

describe('sessions that pass a comparison', () => {
  const labelsTried = (session: readonly Step[], constant: number, value: number) => {
    const bound = bind(
      session,
      session.map(() => emptyResponse),
    );
    return exactChanges(bound, [{ constant, value }]).map((changed) =>
      changed.map(({ step: one }) => labelOf(one)),
    );
  };

  it('have numbers beside the constant, too, where it can be a limit', () => {
    expect(labelsTried([share(3141)], 64, 3141)).toEqual([[64], [65], [63]]);
  });

  it('have it in a step before the last one, if the value is there', () => {
    expect(labelsTried([share(3141), share(2718)], 0x4d444d50, 3141)).toEqual([[0x4d444d50, 2718]]);
  });

  it('do not exist where no field holds the value', () => {
    expect(labelsTried([share(3141)], 0x4d444d50, 2718)).toEqual([]);
  });
});
