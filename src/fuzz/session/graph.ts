import type { Form } from '../generate/form.js';
import type { Forms } from '../generate/forms.js';
import { type Edge, type SubjectKind, type Theme, themes } from './edge.js';
import { genericEdges } from './generic.js';
import { lifeEdges } from './life.js';
import { interruptEdges } from './loans.js';
import { operationEdges } from './operations.js';
import { memoryEdges } from './parcels.js';
import { talkEdges } from './talk.js';

const STATES = 16;

/** Edges to choose from, each as likely as its weight says. */
export interface Choices {
  readonly edges: readonly Edge[];
  /** Numbers of the edges in the graph. */
  readonly numbers: readonly number[];
  readonly total: number;
}

const kinds: readonly SubjectKind[] = ['none', 'vm', 'parcel', 'loan'];

/** The state graph of everything that sessions do, by what one has in hand. */
export class Graph {
  readonly edges: readonly Edge[];
  readonly #byForm = new Map<Form, Edge[]>();
  readonly #choices = new Map<Theme, ReadonlyMap<SubjectKind, readonly Choices[]>>();
  /** What can be done with each kind of subject at all, for each theme. */
  readonly #weights = new Map<Theme, readonly number[]>();

  constructor(forms: Forms) {
    const known = [...operationEdges, ...lifeEdges(forms), ...memoryEdges(forms), ...interruptEdges(forms), ...talkEdges(forms)];
    this.edges = [...known, ...genericEdges(forms, known)];
    for (const edge of this.edges) {
      if (edge.form === undefined) continue;
      const list = this.#byForm.get(edge.form);
      if (list === undefined) this.#byForm.set(edge.form, [edge]);
      else list.push(edge);
    }
    for (const theme of themes) {
      const mine = this.edges.filter((edge) => edge.theme === theme);
      const choices = (kind: SubjectKind) => this.#byState(mine.filter(({ subject }) => subject === kind));
      this.#choices.set(theme, new Map(kinds.map((kind) => [kind, choices(kind)])));
      this.#weights.set(
        theme,
        kinds.map((kind) => sum(mine.filter(({ subject }) => subject === kind))),
      );
    }
  }

  /** Edges that send a message. */
  of(form: Form): readonly Edge[] {
    return this.#byForm.get(form) ?? [];
  }

  /** How much there is to do with nothing, VMs, parcels and loans. */
  weights(theme: Theme): readonly number[] {
    return this.#weights.get(theme) ?? [];
  }

  choices(theme: Theme, kind: SubjectKind, state: number): Choices {
    return this.#choices.get(theme)?.get(kind)?.[state] ?? NOTHING;
  }

  #byState(edges: readonly Edge[]): Choices[] {
    return Array.from({ length: STATES }, (_, state) => {
      const possible = edges.filter(({ from }) => (from & (1 << state)) !== 0);
      return { edges: possible, numbers: possible.map((edge) => this.edges.indexOf(edge)), total: sum(possible) };
    });
  }
}

const NOTHING: Choices = { edges: [], numbers: [], total: 0 };

function sum(edges: readonly Edge[]): number {
  return edges.reduce((total, { weight }) => total + weight, 0);
}
