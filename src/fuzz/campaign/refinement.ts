import type { TargetTask } from '../../target/index.js';
import type { EndOracle } from '../end-oracle/end-oracle.js';
import { minimise } from '../minimise/minimise.js';
import type { Judge } from '../oracle/judge.js';
import { type PlayedSession, play, type Replay, sessionOf } from '../play/play.js';
import type { Finding } from './finding.js';
import type { Evidence, FindingList } from './finding-list.js';

export interface Oracles {
  readonly judge: Judge;
  /** In the order of those that find causes, by class. */
  readonly endOracles: readonly EndOracle[];
}

export interface RefinementOptions {
  readonly endOracles?: readonly EndOracle[];
  readonly plays: number;
  readonly mayMinimise?: (plays: number) => boolean;
  readonly found: (finding: Finding) => void;
}

/** Plays sessions that showed a cause again: on a fresh target, so that only what is stable is reported, then smaller ones. */
export class Refinement {
  readonly #list: FindingList;
  readonly #oracles: Oracles;
  readonly #options: RefinementOptions;

  constructor(list: FindingList, oracles: Oracles, options: RefinementOptions) {
    this.#list = list;
    this.#oracles = oracles;
    this.#options = options;
  }

  /** Confirms or minimises one finding. */
  *next(): TargetTask<void> {
    const evidence = this.#list.next();
    if (evidence === undefined) return;
    const replay = this.#replay(evidence);
    const finding = evidence.isConfirmed
      ? yield* this.#minimised(evidence, replay)
      : yield* this.#confirmed(evidence, replay);
    if (finding !== undefined) this.#options.found(finding);
  }

  *#confirmed(evidence: Evidence, replay: Replay): TargetTask<Finding | undefined> {
    const { played } = evidence;
    yield 'restart';
    const again = yield* replay(sessionOf(played));
    if (again.cause?.key === played.cause?.key) return this.#list.confirmed(evidence, again);
    this.#list.notConfirmed(evidence);
    return undefined;
  }

  *#minimised(evidence: Evidence, replay: Replay): TargetTask<Finding | undefined> {
    const { plays, mayMinimise } = this.#options;
    const smallest = yield* minimise(evidence.played, replay, plays, mayMinimise);
    return smallest && this.#list.minimised(evidence, smallest);
  }

  #replay({ oracle, played }: Evidence): Replay {
    const { judge, endOracles } = this.#oracles;
    // The same oracle, with the judge and the target of this side.
    const own = endOracles[this.#options.endOracles?.indexOf(oracle as EndOracle) ?? -1];
    const kind = played.cause?.kind;
    return function* (session): TargetTask<PlayedSession> {
      const again = yield* play(session, judge);
      // The steps that the oracle has added may be enough to show the cause.
      if (own === undefined || again.cause !== undefined) return again;
      return kind === 'leak' || kind === 'nondeterminism' ? yield* own.run(again) : again;
    };
  }
}
