import { HostError } from '../../../src/host/error.js';
import { canGoOn, type Pause, type Steps } from '../../../src/host/guest-memory/index.js';

/** What actors share, made anew for every replay. */
export interface Shared {
  /** Operations that an actor between two operations may begin. */
  readonly offers: (actor: number) => readonly string[];
  readonly begin: (actor: number, operation: string) => Steps<void>;
  /** Everything that decides what can happen next, without saying which actor is which. */
  readonly key: () => string;
  /** What the shared state holds of one actor. */
  readonly keyOf: (actor: number) => string;
  /** Throws when a rule that must always hold does not. */
  readonly check: () => void;
  /** Throws when something is left behind now that every operation has come to its end. */
  readonly settled: () => void;
  /** An operation ended with an error; throws when it should not have. */
  readonly refused: (error: HostError) => void;
}

export interface Exploration {
  readonly make: () => Shared;
  readonly actors: number;
  /** Of each actor. */
  readonly operations: number;
  /** Whether all actors may begin the same operations. */
  readonly alike: boolean;
  /** Goes on from every place as often as it is reached: slow, and finds the same. */
  readonly unmerged?: boolean;
}

export interface Found {
  /** Complete schedules: which actor begins or continues what, in order. Also those that only meet known states. */
  readonly schedules: bigint;
  readonly states: number;
}

interface Move {
  readonly actor: number;
  /** The operation that it begins; undefined: it goes on with the one it is at. */
  readonly begins: string | undefined;
}

class Actor {
  name = '';
  segment = 0;
  steps: Steps<void> | undefined;
  pause: Pause = { waitsFor: undefined };
  constructor(public left: number) {}
}

/** One machine with its actors, at one place of a schedule. */
class Run {
  readonly actors: readonly Actor[];

  constructor(
    readonly shared: Shared,
    actors: number,
    operations: number,
  ) {
    this.actors = Array.from({ length: actors }, () => new Actor(operations));
  }

  moves(): Move[] {
    return this.actors.flatMap((actor, index): Move[] => {
      if (actor.steps !== undefined) return canGoOn(actor.pause) ? [{ actor: index, begins: undefined }] : [];
      if (actor.left === 0) return [];
      return this.shared.offers(index).map((begins) => ({ actor: index, begins }));
    });
  }

  /** One atomic step. */
  make({ actor: index, begins }: Move): void {
    const actor = this.actors[index] as Actor;
    if (begins !== undefined) {
      actor.steps = this.shared.begin(index, begins);
      actor.name = begins;
      actor.left--;
      actor.segment = 0;
    }
    try {
      const next = (actor.steps as Steps<void>).next();
      if (!next.done) {
        actor.pause = next.value;
        // One that found a lock taken is where one is that goes for it now.
        if (next.value.waitsFor === undefined) actor.segment++;
        return;
      }
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.shared.refused(error);
    }
    actor.steps = undefined;
  }

  get waiting(): boolean {
    return this.actors.some(({ steps }) => steps !== undefined);
  }

  /** The same for runs that only differ in which actor is which, if `alike`: all may begin the same operations. */
  key(alike: boolean): string {
    const places = this.actors.map(({ left, steps, name, segment, pause }, actor) => {
      const waits = pause.waitsFor === undefined ? '' : 'w';
      const place = steps === undefined ? '' : `${name}${segment}${waits}`;
      return `${left}${place} ${this.shared.keyOf(actor)}`;
    });
    if (alike) places.sort();
    return `${places.join()} ${this.shared.key()}`;
  }
}

/**
 * Every program of so many operations for each actor, in every interleaving of their steps. A place that was reached
 * before by another way is not gone on from again; its schedules count all the same. Throws what a check throws, and an
 * Error when actors wait for each other.
 */
export function explore({ make, actors, operations, alike, unmerged = false }: Exploration): Found {
  const known = new Map<string, bigint>();
  const path: Move[] = [];
  const replay = () => {
    const run = new Run(make(), actors, operations);
    for (const move of path) run.make(move);
    return run;
  };
  const visit = (fresh: Run): bigint => {
    const key = fresh.key(alike);
    const before = known.get(key);
    if (before !== undefined && !unmerged) return before;
    fresh.shared.check();
    const moves = fresh.moves();
    if (moves.length === 0 && fresh.waiting) throw new Error(`deadlock: ${key}`);
    if (moves.length === 0) fresh.shared.settled();
    let schedules = moves.length === 0 ? 1n : 0n;
    for (const [index, move] of moves.entries()) {
      const run = index === 0 ? fresh : replay();
      run.make(move);
      path.push(move);
      schedules += visit(run);
      path.pop();
    }
    known.set(key, schedules);
    return schedules;
  };
  const { stackTraceLimit } = Error;
  // Refusals are part of most schedules, and where each was made is what costs most of it.
  Error.stackTraceLimit = 0;
  try {
    return { schedules: visit(replay()), states: known.size };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
