import { constants } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { Step } from '../../target/index.js';
import { allocatedRole, type BoundStep, type IdUse } from '../play/id-binding.js';
import type { Comparison, Comparisons } from './comparisons.js';
import { type ChangedFrame, changeField, changeLength, changeSize, offsetsOf } from './message-mutations.js';

export type Session = readonly BoundStep[];
export type FrameStep = Extract<Step, { readonly kind: 'frame' }>;

const { VMID_HLOS } = constants;

/** What new sessions are made with, besides the seed. */
export interface Material {
  readonly random: Random;
  /** Another seed. */
  readonly other: () => Session;
  /** A request that once reached new code, as its queue messages. */
  readonly request: () => Session;
  /** What the target has compared. */
  readonly comparisons: Comparisons;
}

/** Most changes of one session; each further one is half as likely. */
const CHANGES_MAX = 6;
/** Most requests that are put behind a session at once; each further one is half as likely. */
const REQUESTS_MAX = 4;
/** Share of the requests put behind a session that are changed, 0..1. */
const CHANGED_SHARE = 0.5;
/** Share of changed messages that come from another sender, 0..1. */
const SENDER_SHARE = 0.1;
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

const reorder: Change = (session, material) => any(material.random, orders)(session, material);
const splice: Change = (session, material) => any(material.random, splices)(session, material);
/** Each as often as it is drawn. */
const changes: readonly Change[] = [
  ...[grow, grow, grow, grow],
  ...[changeMessage, changeMessage, changeMessage, changeMessage],
  ...[reorder, splice],
];

/** A session made from a seed. It is never empty. */
export function mutateSession(seed: Session, material: Material): Session {
  const { random } = material;
  let session = seed;
  for (let left = oneOrMore(random, CHANGES_MAX); left > 0; left--) {
    const changed = any(random, changes)(session, material);
    if (changed.length > 0) session = changed.slice(0, STEPS_MAX);
  }
  return session;
}

/** Each number is half as likely as the one before it. */
function oneOrMore(random: Random, most: number): number {
  let count = 1;
  while (count < most && random.chance(0.5)) count++;
  return count;
}

/** Requests behind the session: the state that it leads to is where something new is likely. */
function grow(session: Session, material: Material): Session {
  const { random, request, other } = material;
  let grown = session;
  for (let left = oneOrMore(random, REQUESTS_MAX); left > 0; left--) {
    const next = random.chance(0.7) ? request() : [any(random, other())];
    const added = adopted(next, grown, numberBehind(grown), random);
    grown = [...grown, ...(random.chance(CHANGED_SHARE) ? changeMessage(added, material) : added)];
  }
  return grown;
}

/** Changes one message, rather a late one: the steps before it lead to where it matters. */
function changeMessage(session: Session, { random, comparisons }: Material): Session {
  const back = random.chance(0.7) ? Math.min(session.length, 4) : session.length;
  const at = session.length - 1 - random.below(back);
  const bound = session[at] as BoundStep;
  if (bound.step.kind !== 'frame') return session;
  const changed = random.chance(SENDER_SHARE)
    ? [withSender(bound, bound.step, session.slice(0, at), random)]
    : changedSteps(bound, bound.step, random, comparisons.of(bound.step));
  return [...session.slice(0, at), ...changed, ...session.slice(at + 1)];
}

/** From HLOS, or from a VM that was allocated before. */
function withSender(bound: BoundStep, step: FrameStep, before: Session, random: Random): BoundStep {
  const others = bound.uses.filter(({ at }) => at !== 'vm');
  const vms = before.filter(({ step: one }) => allocatedRole(one) === 'vmid');
  if (vms.length === 0 || (others.length < bound.uses.length && random.chance(0.5)))
    return { ...bound, step: { ...step, from: VMID_HLOS }, uses: others };
  const { number } = any(random, vms);
  return { ...bound, uses: [...others, { at: 'vm', size: 2, role: 'vmid', allocator: number }] };
}

function changedSteps(
  bound: BoundStep,
  step: FrameStep,
  random: Random,
  comparisons: readonly Comparison[],
): BoundStep[] {
  const kind = random.below(10);
  const frames = kind < 3 ? changeLength(step.frame, random) : undefined;
  if (frames !== undefined) return framesBound(bound, step, frames);
  const changed =
    (kind < 9 ? changeField(step.frame, random, comparisons) : undefined) ?? changeSize(step.frame, random);
  return [withFrame(bound, step, changed)];
}

/** With the changed bytes of its queue message, which are no longer bound to ids. */
export function withFrame(bound: BoundStep, step: FrameStep, { frame, start, end }: ChangedFrame): BoundStep {
  const uses = bound.uses.filter(({ at, size }) => at === 'vm' || at + size <= start || at >= end);
  return { ...bound, step: { ...step, frame }, uses };
}

/** The queue messages of a request that was encoded anew. Ids stay bound where the same field holds the same id. */
function framesBound(bound: BoundStep, step: FrameStep, frames: readonly Uint8Array[]): BoundStep[] {
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
