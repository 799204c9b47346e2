import type { MessageShape, MutationSite } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type TreeMutation, treeMutations } from '../tree/tree-mutations.js';
import type { Mutation, Rule } from './mutation.js';
import { mutations } from './mutations.js';

/** A mutation of a request, at one site of one message. */
export interface RequestGoal {
  readonly kind: 'request';
  readonly shape: MessageShape;
  readonly site: MutationSite;
  readonly mutation: Mutation;
}

/** What a case tries to do, besides leading the target through valid sessions. */
export type MutationGoal =
  | RequestGoal
  | { readonly kind: 'tree'; readonly mutation: TreeMutation }
  /** A vCPU halts. */
  | { readonly kind: 'halt' };

/** Message and field that a goal is about, as coverage names them, and what it does there. */
export interface GoalName {
  readonly message: string;
  readonly field: string;
  readonly class: string;
  readonly rule: Rule;
}

/** All goals. A case number holds the index of one, so their order is the same for the same protocol. */
export function mutationGoals(shapes: MessageShapes): readonly MutationGoal[] {
  return [
    { kind: 'halt' },
    ...shapes.all.flatMap((shape) =>
      shape.sites.flatMap((site) =>
        mutations[site.kind].map((mutation) => ({ kind: 'request' as const, shape, site, mutation })),
      ),
    ),
    ...treeMutations.map((mutation) => ({ kind: 'tree' as const, mutation })),
  ];
}

export function goalName(goal: MutationGoal): GoalName {
  if (goal.kind === 'halt') return { message: 'vcpu_halt', field: '', class: 'vcpu_halt', rule: 'state' };
  if (goal.kind === 'request') {
    const { name, rule } = goal.mutation;
    return { message: goal.shape.name, field: goal.site.name, class: name, rule };
  }
  const { kind, property, name } = goal.mutation;
  return {
    message: 'devicetree',
    field: [kind, property].filter(Boolean).join(' '),
    class: name,
    rule: 'none',
  };
}
