import { describe, expect, it } from 'vitest';
import { VM_INIT, VM_START } from '../../schemas/index.js';
import { Random } from '../../src/base/random.js';
import { generateTree, type TreeOptions } from '../../src/fuzz/tree/generate-tree.js';
import { treeMutations } from '../../src/fuzz/tree/tree-mutations.js';
import { TreePool } from '../../src/fuzz/tree/tree-pool.js';
import { budget, partOf } from '../part.js';
import { Bench, Boots } from '../rm/guest.js';

const TREE_SIZE = 0x8000;
const TREES = budget(200);

function options(name: string, mutation?: TreeOptions['mutation']): TreeOptions {
  const random = new Random(9, name);
  return {
    random,
    names: ['one', 'two', 'three'],
    cores: 1,
    peerProbability: 0,
    labelMax: 6,
    isOdd: false,
    mutation,
  };
}

describe('devicetrees in which nothing is wrong', () => {
  it('mostly make VMs that start', () => {
    let initialised = 0;
    let started = 0;
    for (let index = 0; index < TREES; index++) {
      const boots = new Boots(new Bench());
      const vmid = boots.configure(generateTree(options(`tree ${index}`)).blob, TREE_SIZE);
      if (boots.error(VM_INIT.id, vmid) === 0) initialised++;
      if (boots.error(VM_START.id, vmid) === 0) started++;
      expect(boots.bench.panics.filter((name) => name !== 'message_too_long')).toEqual([]);
    }
    expect(initialised).toBeGreaterThan(0.8 * TREES);
    expect(started).toBeGreaterThan(0.65 * TREES);
  });

  it('come from a stock that holds the same whatever was taken before', () => {
    const { random: _, mutation: __, ...rest } = options('');
    const take = (stock: TreePool) => stock.any(new Random(4, 'taken'), rest).blob;
    const used = new TreePool(1);
    for (let index = 0; index < 20; index++) used.any(new Random(index), rest);
    expect(take(used)).toEqual(take(new TreePool(1)));
  });
});

describe('devicetrees in which one thing is wrong', () => {
  it('differ from those in which nothing is, nearly always', () => {
    const same = treeMutations.filter((flaw, index) => {
      // What is wanted is there in any case; the rest is drawn alike up to it.
      const broken = generateTree(options(`flaw ${index}`, flaw)).blob;
      return Buffer.from(broken).equals(Buffer.from(generateTree(options(`flaw ${index}`)).blob));
    });
    expect(treeMutations.length).toBeGreaterThan(700);
    expect(same.length).toBeLessThan(treeMutations.length / 25);
  });

  it('are survived by a careful manager', () => {
    const third = [...treeMutations.entries()].filter(([index]) => index % 3 === 0);
    for (const [index, flaw] of partOf(third)) {
      const boots = new Boots(new Bench({ careful: true }));
      const vmid = boots.configure(generateTree(options(`harm ${index}`, flaw)).blob, TREE_SIZE);
      expect(boots.error(VM_INIT.id, vmid)).toBeDefined();
      expect(boots.bench.panics).toEqual([]);
    }
  });
});
