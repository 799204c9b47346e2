import type { MessageShape, MutationSite } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type TreeMutation, treeMutations } from '../tree/tree-mutations.js';
import { classesOf, type Rule } from './classes.js';

/** What a case tries to get wrong, besides leading a target through valid sessions. */
export interface MutationGoal {
  /** The message, undefined where it is about a devicetree or a halt. */
  readonly shape: MessageShape | undefined;
  readonly site: MutationSite | undefined;
  readonly tree: TreeMutation | undefined;
  /** Name of the class of values, or of what is wrong with the tree. */
  readonly name: string;
  readonly rule: Rule;
}

/** Everything that can be got wrong, in an order that never changes for one protocol: a case number names one by its site. */
export function mutationGoals(shapes: MessageShapes): readonly MutationGoal[] {
  const halt: MutationGoal = {
    shape: undefined,
    site: undefined,
    tree: undefined,
    name: 'vcpu_halt',
    rule: 'state',
  };
  return [
    halt,
    ...shapes.all.flatMap((shape) =>
      shape.sites.flatMap((site) =>
        classesOf[site.kind].map(({ name, rule }) => ({ shape, site, tree: undefined, name, rule })),
      ),
    ),
    ...treeMutations.map((tree) => ({
      shape: undefined,
      site: undefined,
      tree,
      name: tree.name,
      rule: 'none' as const,
    })),
  ];
}
