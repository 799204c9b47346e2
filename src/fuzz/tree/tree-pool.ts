import { Random } from '../../base/random.js';
import { type GeneratedTree, generateTree, type TreeWish } from './generate-tree.js';

/** Different trees of one kind: making one takes as long as ten messages. */
const VARIANTS = 128;

export type StockWish = Omit<TreeWish, 'random' | 'flaw'>;

/** Trees that are in order, each made once. Which one a number stands for depends on the seed and the wish alone. */
export class TreePool {
  readonly #random: Random;
  readonly #made = new Map<string, GeneratedTree>();

  constructor(seed: number) {
    this.#random = new Random(seed, 'trees');
  }

  /** One of the trees that fit a wish. */
  any(random: Random, wish: StockWish): GeneratedTree {
    const { names, joining, labels, cores } = wish;
    const key = `${names.length} ${joining} ${labels} ${cores} ${random.below(VARIANTS)}`;
    let tree = this.#made.get(key);
    if (tree === undefined) {
      tree = generateTree({ ...wish, random: this.#random.child(key), flaw: undefined });
      this.#made.set(key, tree);
    }
    return tree;
  }
}
