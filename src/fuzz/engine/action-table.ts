import { talkEdges } from '../actions/consoles-and-queries.js';
import { genericEdge } from '../actions/generic.js';
import { interruptEdges } from '../actions/interrupts.js';
import { operationEdges } from '../actions/machine.js';
import { newParcelEdges } from '../actions/parcel-creation.js';
import { parcelEdges } from '../actions/parcels.js';
import { lifeEdges } from '../actions/vm-lifecycle.js';
import type { MessageShape } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, type SubjectKind, subjectKinds, type Theme, themes } from '../session/action.js';

const STATES = 16;

/** Numbers of actions to choose from, each as often as its weight says. */
export type Lots = readonly number[];

/** The state table of everything that sessions do, by what one has in hand. */
export class ActionTable {
  readonly actions: readonly Action[];
  /** An action for every shape, in their order. */
  readonly #generic: readonly Action[];
  readonly #byForm = new Map<MessageShape, Action[]>();
  /** By theme, kind of subject and state. */
  readonly #lots: readonly Lots[];
  /** How much there is to do with each kind of subject, by theme. */
  readonly #weights: readonly (readonly number[])[];

  constructor(shapes: MessageShapes) {
    const known = [
      ...operationEdges,
      ...lifeEdges(shapes),
      ...newParcelEdges(shapes),
      ...parcelEdges(shapes),
      ...interruptEdges(shapes),
      ...talkEdges(shapes),
    ];
    const made = new Set(known.map(({ shape }) => shape));
    this.#generic = shapes.all.map((shape) => genericEdge(shapes, shape));
    this.actions = [...known, ...this.#generic.filter(({ shape }) => !made.has(shape))];
    for (const action of this.actions) {
      if (action.shape === undefined) continue;
      const list = this.#byForm.get(action.shape);
      if (list === undefined) this.#byForm.set(action.shape, [action]);
      else list.push(action);
    }
    const edgesOf = (theme: Theme, kind: SubjectKind) =>
      this.actions.filter((action) => action.theme === theme && action.subject === kind);
    this.#lots = themes.flatMap((theme) =>
      subjectKinds.flatMap((kind) => this.#byState(edgesOf(theme, kind))),
    );
    this.#weights = themes.map((theme) => subjectKinds.map((kind) => sum(edgesOf(theme, kind))));
  }

  /** Edges that send a message. */
  of(shape: MessageShape): readonly Action[] {
    return this.#byForm.get(shape) ?? [];
  }

  /** An action that sends a message whatever the state is. */
  generic(shape: MessageShape): Action {
    return this.#generic[shape.index] as Action;
  }

  /** How much there is to do with each kind of subject. @param theme its site among all themes. */
  weights(theme: number): readonly number[] {
    return this.#weights[theme] ?? [];
  }

  /** What may be done with a subject. @param theme, kind their sites among all themes and kinds. */
  lots(theme: number, kind: number, state: number): Lots {
    return this.#lots[(theme * subjectKinds.length + kind) * STATES + state] as Lots;
  }

  #byState(actions: readonly Action[]): Lots[] {
    return Array.from({ length: STATES }, (_, state) => {
      const possible = actions.filter(({ from }) => (from & (1 << state)) !== 0);
      return possible.flatMap((action) =>
        new Array<number>(action.weight).fill(this.actions.indexOf(action)),
      );
    });
  }
}

function sum(actions: readonly Action[]): number {
  return actions.reduce((total, { weight }) => total + weight, 0);
}
