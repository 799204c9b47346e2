import type { Random } from '../../base/random.js';
import type { Step } from '../../target/index.js';
import { allocatedRole, type BoundStep, type IdUse } from '../play/id-binding.js';
import { changeField, changeLength, changeSize, offsetsOf } from './message-mutations.js';

export type Session = readonly BoundStep[];

/** What new sessions are made with, besides the seed. */
export interface Material {
  readonly random: Random;
  /** Another seed. */
  readonly other: () => Session;
  /** Values that the target has compared something with. */
  readonly operands: readonly number[];
}

/** Most changes of one session. */
const CHANGES_MAX = 6;
/** Most messages of a session. */
const STEPS_MAX = 1200;
type Change = (session: Session, material: Material) => Session;

/** Changes of whole sessions: what is sent, and in which order. */
const orders: readonly Change[] = [
  // Cut.
  (session, { random }) => session.slice(0, 1 + random.below(session.length)),
  // Without a run of steps.
  (session, { random }) => {
    const start = random.below(session.length);
    const end = start + 1 + random.below(4);
    return session.filter((_, index) => index < start || index >= end);
  },
  // A run of steps twice.
  (session, { random }) => {
    const start = random.below(session.length);
    const end = start + 1 + random.below(4);
    return [...session.slice(0, end), ...session.slice(start, end), ...session.slice(end)];
  },
  // One step later.
  (session, { random }) => {
    const from = random.below(session.length);
    const to = random.below(session.length);
    const moved = [...session];
    moved.splice(to, 0, ...moved.splice(from, 1));
    return moved;
  },
];

/** Changes that bring in another session. */
const splices: readonly Change[] = [
  // The end of another.
  (session, { random, other }) => {
    const tail = other();
    const head = session.slice(0, 1 + random.below(session.length));
    return [...head, ...adopted(tail.slice(random.below(tail.length)), head, numberBehind(session), random)];
  },
  // Some steps of another.
  (session, { random, other }) => {
    const from = other();
    const start = random.below(from.length);
    const at = random.below(session.length + 1);
    const head = session.slice(0, at);
    const steps = from.slice(start, start + 1 + random.below(8));
    return [...head, ...adopted(steps, head, numberBehind(session), random), ...session.slice(at)];
  },
];

/** A session made from a seed. It is never empty. */
export function mutateSession(seed: Session, material: Material): Session {
  const { random } = material;
  let session = seed;
  for (let left = 1 + random.below(CHANGES_MAX); left > 0; left--) {
    const kinds = random.below(10);
    const change = kinds < 6 ? changeMessage : any(random, kinds < 8 ? orders : splices);
    const changed = change(session, material);
    if (changed.length > 0) session = changed.slice(0, STEPS_MAX);
  }
  return session;
}

/** Changes one message, rather a late one: the steps before it lead to where it matters. */
function changeMessage(session: Session, { random, operands }: Material): Session {
  const back = random.chance(0.7) ? Math.min(session.length, 16) : session.length;
  const at = session.length - 1 - random.below(back);
  const bound = session[at] as BoundStep;
  if (bound.step.kind !== 'frame') return session;
  return [
    ...session.slice(0, at),
    ...changedSteps(bound, bound.step, random, operands),
    ...session.slice(at + 1),
  ];
}

function changedSteps(
  bound: BoundStep,
  step: Extract<Step, { readonly kind: 'frame' }>,
  random: Random,
  operands: readonly number[],
): BoundStep[] {
  const kind = random.below(10);
  const frames = kind < 3 ? changeLength(step.frame, random) : undefined;
  if (frames !== undefined) return framesBound(bound, step, frames);
  const { frame, start, end } =
    (kind < 9 ? changeField(step.frame, random, operands) : undefined) ?? changeSize(step.frame, random);
  const uses = bound.uses.filter(({ at, size }) => at === 'vm' || at + size <= start || at >= end);
  return [{ ...bound, step: { ...step, frame }, uses }];
}

/** The queue messages of a request that was encoded anew. Ids stay bound where the same field holds the same id. */
function framesBound(
  bound: BoundStep,
  step: Extract<Step, { readonly kind: 'frame' }>,
  frames: readonly Uint8Array[],
): BoundStep[] {
  const [first = step.frame] = frames;
  const paths = new Map([...offsetsOf(step.frame)].map(([path, at]) => [at, path]));
  const offsets = offsetsOf(first);
  const uses = bound.uses.flatMap((use) => {
    if (use.at === 'vm') return [use];
    const at = offsets.get(paths.get(use.at) ?? '');
    if (at === undefined) return [];
    const isSame = step.frame
      .subarray(use.at, use.at + use.size)
      .every((byte, index) => byte === first[at + index]);
    return isSame ? [{ ...use, at }] : [];
  });
  const senders = bound.uses.filter(({ at }) => at === 'vm');
  return frames.map((frame, index) => ({
    ...bound,
    step: { ...step, frame },
    uses: index === 0 ? uses : senders,
  }));
}

/**
 * Steps of another session as they fit behind a session: ids that were allocated before them become ids of the same kind
 * that the session allocates, mostly.
 *
 * @param first what the numbers of steps are raised by, so that no other step has them.
 */
function adopted(steps: Session, behind: Session, first: number, random: Random): Session {
  const own = new Set(steps.map(({ number }) => number));
  const replaced = new Map<number, number>();
  const allocatorFor = ({ allocator, role }: IdUse): number => {
    const known = own.has(allocator) ? allocator + first : replaced.get(allocator);
    if (known !== undefined) return known;
    const fitting = behind.filter(({ step }) => allocatedRole(step) === role);
    const chosen = fitting.length > 0 && random.chance(0.9) ? any(random, fitting).number : allocator + first;
    replaced.set(allocator, chosen);
    return chosen;
  };
  return steps.map(({ step, number, uses }) => ({
    step,
    number: number + first,
    uses: uses.map((use) => ({ ...use, allocator: allocatorFor(use) })),
  }));
}

function numberBehind(session: Session): number {
  return session.reduce((most, { number }) => Math.max(most, number), -1) + 1;
}

function any<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}
