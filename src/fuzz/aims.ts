import { classesOf, type Rule } from './generate/classes.js';
import type { Form, Place } from './generate/form.js';
import type { Forms } from './generate/forms.js';
import { type TreeBreak, treeBreaks } from './generate/tree-breaks.js';

/** What a case tries to get wrong, besides leading a target through valid sessions. */
export interface Aim {
  /** The message, undefined where it is about a devicetree or a halt. */
  readonly form: Form | undefined;
  readonly place: Place | undefined;
  readonly tree: TreeBreak | undefined;
  /** Name of the class of values, or of what is wrong with the tree. */
  readonly name: string;
  readonly rule: Rule;
}

/** Everything that can be got wrong, in an order that never changes for one protocol: a case number names one by its place. */
export function aimsOf(forms: Forms): readonly Aim[] {
  const halt: Aim = { form: undefined, place: undefined, tree: undefined, name: 'vcpu_halt', rule: 'state' };
  return [
    halt,
    ...forms.all.flatMap((form) =>
      form.places.flatMap((place) =>
        classesOf[place.kind].map(({ name, rule }) => ({ form, place, tree: undefined, name, rule })),
      ),
    ),
    ...treeBreaks.map((tree) => ({
      form: undefined,
      place: undefined,
      tree,
      name: tree.name,
      rule: 'none' as const,
    })),
  ];
}
