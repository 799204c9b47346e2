import { Random } from '../../base/random.js';
import { type GeneratedTree, generateTree, type TreeOptions } from './generate-tree.js';

/** Trees for the same options. Generating one takes as long as ten messages. */
const TREES = 128;

export type PoolOptions = Omit<TreeOptions, 'random' | 'mutation'>;

/** Valid trees, each generated once. A tree depends on the seed, the options and its number in the pool only. */
export class TreePool {
  readonly #random: Random;
  readonly #trees = new Map<string, GeneratedTree>();

  constructor(seed: number) {
    this.#random = new Random(seed, 'trees');
  }

  /** One of the trees for these options. */
  any(random: Random, options: PoolOptions): GeneratedTree {
    const { names, peerProbability, labelMax, cores, isOdd } = options;
    const key = `${names.length} ${peerProbability} ${labelMax} ${cores} ${isOdd} ${random.below(TREES)}`;
    let tree = this.#trees.get(key);
    if (tree === undefined) {
      tree = generateTree({ ...options, random: this.#random.child(key), mutation: undefined });
      this.#trees.set(key, tree);
    }
    return tree;
  }
}
