import type { Form } from '../generate/form.js';
import type { Forms } from '../generate/forms.js';
import { type Edge, type SubjectKind, subjectKinds, type Theme, themes } from './edge.js';
import { genericEdge } from './generic.js';
import { lifeEdges } from './life.js';
import { interruptEdges } from './loans.js';
import { newParcelEdges } from './new-parcel.js';
import { operationEdges } from './operations.js';
import { parcelEdges } from './parcels.js';
import { talkEdges } from './talk.js';

const STATES = 16;

/** Numbers of edges to choose from, each as often as its weight says. */
export type Lots = readonly number[];

/** The state graph of everything that sessions do, by what one has in hand. */
export class Graph {
  readonly edges: readonly Edge[];
  /** An edge for every form, in their order. */
  readonly #generic: readonly Edge[];
  readonly #byForm = new Map<Form, Edge[]>();
  /** By theme, kind of subject and state. */
  readonly #lots: readonly Lots[];
  /** How much there is to do with each kind of subject, by theme. */
  readonly #weights: readonly (readonly number[])[];

  constructor(forms: Forms) {
    const known = [
      ...operationEdges,
      ...lifeEdges(forms),
      ...newParcelEdges(forms),
      ...parcelEdges(forms),
      ...interruptEdges(forms),
      ...talkEdges(forms),
    ];
    const made = new Set(known.map(({ form }) => form));
    this.#generic = forms.all.map((form) => genericEdge(forms, form));
    this.edges = [...known, ...this.#generic.filter(({ form }) => !made.has(form))];
    for (const edge of this.edges) {
      if (edge.form === undefined) continue;
      const list = this.#byForm.get(edge.form);
      if (list === undefined) this.#byForm.set(edge.form, [edge]);
      else list.push(edge);
    }
    const edgesOf = (theme: Theme, kind: SubjectKind) =>
      this.edges.filter((edge) => edge.theme === theme && edge.subject === kind);
    this.#lots = themes.flatMap((theme) =>
      subjectKinds.flatMap((kind) => this.#byState(edgesOf(theme, kind))),
    );
    this.#weights = themes.map((theme) => subjectKinds.map((kind) => sum(edgesOf(theme, kind))));
  }

  /** Edges that send a message. */
  of(form: Form): readonly Edge[] {
    return this.#byForm.get(form) ?? [];
  }

  /** An edge that sends a message whatever the state is. */
  generic(form: Form): Edge {
    return this.#generic[form.index] as Edge;
  }

  /** How much there is to do with each kind of subject. @param theme its place among all themes. */
  weights(theme: number): readonly number[] {
    return this.#weights[theme] ?? [];
  }

  /** What may be done with a subject. @param theme, kind their places among all themes and kinds. */
  lots(theme: number, kind: number, state: number): Lots {
    return this.#lots[(theme * subjectKinds.length + kind) * STATES + state] as Lots;
  }

  #byState(edges: readonly Edge[]): Lots[] {
    return Array.from({ length: STATES }, (_, state) => {
      const possible = edges.filter(({ from }) => (from & (1 << state)) !== 0);
      return possible.flatMap((edge) => new Array<number>(edge.weight).fill(this.edges.indexOf(edge)));
    });
  }
}

function sum(edges: readonly Edge[]): number {
  return edges.reduce((total, { weight }) => total + weight, 0);
}
