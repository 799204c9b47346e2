import { consoleAndQueryActions } from '../actions/consoles-and-queries.js';
import { genericAction } from '../actions/generic.js';
import { interruptActions } from '../actions/interrupts.js';
import { machineActions } from '../actions/machine.js';
import { parcelCreationActions } from '../actions/parcel-creation.js';
import { parcelActions } from '../actions/parcels.js';
import { vmActions } from '../actions/vm-lifecycle.js';
import type { MessageShape } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, type SubjectKind, subjectKinds, type Theme, themes } from '../session/action.js';

/** States of one kind of subject. */
const STATES = 16;

/** All actions, by what is possible. */
export class ActionTable {
  readonly actions: readonly Action[];
  /** A generic action for every shape, in the order of the shapes. */
  readonly #generic: readonly Action[];
  readonly #byShape = new Map<MessageShape, readonly Action[]>();
  /** By theme, kind of subject and state. */
  readonly #possible: readonly (readonly number[])[];
  /** By theme and kind of subject. */
  readonly #weights: readonly (readonly number[])[];

  constructor(shapes: MessageShapes) {
    const own = [
      ...machineActions,
      ...vmActions(shapes),
      ...parcelCreationActions(shapes),
      ...parcelActions(shapes),
      ...interruptActions(shapes),
      ...consoleAndQueryActions(shapes),
    ].map(alike);
    const withOwn = new Set(own.map(({ shape }) => shape));
    this.#generic = shapes.all.map((shape) => alike(genericAction(shapes, shape)));
    this.actions = [...own, ...this.#generic.filter(({ shape }) => !withOwn.has(shape))];
    for (const action of this.actions) {
      if (action.shape === undefined) continue;
      this.#byShape.set(action.shape, [...this.of(action.shape), action]);
    }
    const actionsOf = (theme: Theme, kind: SubjectKind) =>
      this.actions.filter((action) => action.theme === theme && action.subject === kind);
    this.#possible = themes.flatMap((theme) =>
      subjectKinds.flatMap((kind) => this.#byState(actionsOf(theme, kind))),
    );
    this.#weights = themes.map((theme) =>
      subjectKinds.map((kind) => actionsOf(theme, kind).reduce((sum, { weight }) => sum + weight, 0)),
    );
  }

  /** Actions that send a message. */
  of(shape: MessageShape): readonly Action[] {
    return this.#byShape.get(shape) ?? [];
  }

  /** The action that sends a message in any state. */
  generic(shape: MessageShape): Action {
    return this.#generic[shape.index] as Action;
  }

  /** Sum of the weights of the actions of a theme, for each kind of subject. @param theme index among the themes. */
  weights(theme: number): readonly number[] {
    return this.#weights[theme] ?? [];
  }

  /**
   * Indexes of the actions that are possible for a subject, each as often as its weight says.
   *
   * @param theme index among the themes. @param kind index among the kinds of subjects.
   */
  possible(theme: number, kind: number, state: number): readonly number[] {
    return this.#possible[(theme * subjectKinds.length + kind) * STATES + state] as readonly number[];
  }

  #byState(actions: readonly Action[]): (readonly number[])[] {
    return Array.from({ length: STATES }, (_, state) =>
      actions
        .filter(({ from }) => (from & (1 << state)) !== 0)
        .flatMap((action) => new Array<number>(action.weight).fill(this.actions.indexOf(action))),
    );
  }
}

/** The same action with all keys in one order: engines read keys of objects that are made alike without a search. */
function alike({ subject, theme, shape, from, weight, make, done, refused }: Action): Action {
  // The type asks for every key of an action, so that none that is added later is lost here.
  const whole: { [Key in keyof Required<Action>]: Action[Key] | undefined } = {
    subject,
    theme,
    shape,
    from,
    weight,
    make,
    done,
    refused,
  };
  return whole as Action;
}
