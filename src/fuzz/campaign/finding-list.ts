import type { EndOracle } from '../end-oracle/end-oracle.js';
import type { Cause } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';
import type { Finding, FindingCount, FindingFacts } from './finding.js';

/** A session that shows a cause, to be played again. */
export interface Evidence {
  readonly entry: CountedFinding;
  readonly played: PlayedSession;
  readonly caseNumber: number;
  /** The end oracle that has found it. */
  readonly oracle: EndOracle | undefined;
}

export interface CountedFinding {
  finding: FindingFacts;
  count: number;
  /** Its session was minimised so often. Different sessions end in different results. */
  minimised: number;
  /** It was written before. */
  isKnown: boolean;
}

/** The causes that a campaign has found, one finding for each, and the sessions that wait to be played again. */
export class FindingList {
  readonly #byKey = new Map<string, CountedFinding>();
  readonly #unconfirmed: Evidence[] = [];
  readonly #unminimised: Evidence[] = [];
  readonly #minimised: number;
  readonly #isNew: (finding: Finding) => boolean;

  /**
   * @param minimised sessions per cause that are minimised. @param known findings of earlier runs.
   * @param isNew called for every new cause; returns whether its session can be played again.
   */
  constructor(minimised: number, known: Iterable<FindingCount>, isNew: (finding: Finding) => boolean) {
    this.#minimised = minimised;
    this.#isNew = isNew;
    for (const { finding, count } of known)
      this.#byKey.set(finding.cause.key, { finding, count, minimised: 0, isKnown: true });
  }

  /** In the order in which the causes were found. */
  get all(): readonly FindingCount[] {
    return [...this.#byKey.values()];
  }

  /** A case has shown a cause. */
  add(cause: Cause, played: PlayedSession, caseNumber: number, oracle: EndOracle | undefined): void {
    const known = this.#byKey.get(cause.key);
    const entry = known ?? this.#newEntry(cause, played, caseNumber);
    entry.count++;
    if (known === undefined && !this.#isNew({ ...entry.finding, played })) return;
    const isSure = entry.finding.state === 'confirmed' || entry.finding.state === 'smallest';
    const waiting = this.#unconfirmed.some((evidence) => evidence.entry === entry);
    if (isSure) this.#wantMinimised({ entry, played, caseNumber, oracle });
    else if (!waiting) this.#unconfirmed.push({ entry, played, caseNumber, oracle });
  }

  /** The next session to play again: first those whose cause no fresh target has shown so far. */
  next(): (Evidence & { readonly isConfirmed: boolean }) | undefined {
    const unconfirmed = this.#unconfirmed.shift();
    if (unconfirmed !== undefined) return { ...unconfirmed, isConfirmed: false };
    const evidence = this.#unminimised.shift();
    return evidence && { ...evidence, isConfirmed: true };
  }

  get hasUnconfirmed(): boolean {
    return this.#unconfirmed.length > 0;
  }

  get hasNext(): boolean {
    return this.hasUnconfirmed || this.#unminimised.length > 0;
  }

  /** A fresh target has shown the cause again, in this session. @returns the finding if that is news. */
  confirmed(evidence: Evidence, played: PlayedSession): Finding | undefined {
    const { entry, caseNumber } = evidence;
    this.#wantMinimised({ ...evidence, played });
    const { state } = entry.finding;
    if (state === 'confirmed' || state === 'smallest') return undefined;
    const cause = played.cause ?? entry.finding.cause;
    entry.finding = { ...entry.finding, cause, caseNumber, size: played.steps.length, state: 'confirmed' };
    return { ...entry.finding, played };
  }

  /** A fresh target has not shown the cause again. */
  notConfirmed({ entry }: Evidence): void {
    if (entry.finding.state === 'found') entry.finding = { ...entry.finding, state: 'unstable' };
  }

  /** A session was minimised. @returns the finding if it has become smaller. */
  minimised({ entry, caseNumber }: Evidence, smallest: PlayedSession): Finding | undefined {
    const { finding } = entry;
    if (finding.state === 'smallest' && smallest.steps.length >= finding.size) return undefined;
    const { cause = finding.cause, steps } = smallest;
    entry.finding = { ...finding, cause, caseNumber, size: steps.length, state: 'smallest' };
    return { ...entry.finding, played: smallest };
  }

  #wantMinimised(evidence: Evidence): void {
    const { entry } = evidence;
    // What an earlier run has found is minimised on demand only.
    if (entry.isKnown || entry.minimised >= this.#minimised) return;
    entry.minimised++;
    this.#unminimised.push(evidence);
  }

  #newEntry(cause: Cause, played: PlayedSession, caseNumber: number): CountedFinding {
    const number = this.#byKey.size + 1;
    const finding: FindingFacts = { cause, number, caseNumber, size: played.steps.length, state: 'found' };
    const entry = { finding, count: 0, minimised: 0, isKnown: false };
    this.#byKey.set(cause.key, entry);
    return entry;
  }
}
