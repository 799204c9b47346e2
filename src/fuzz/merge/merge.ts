import { UsageError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { type FindingFacts, findingStates } from '../campaign/finding.js';
import type { SavedCoverage } from '../engine/coverage.js';
import type { Sample, SpentTime } from '../report/report.js';

/** What stands for the shard of campaigns that were merged. */
export const MERGED = 'merged';

/** State of a campaign from which a later run continues, or of several campaigns that were merged. */
export interface SavedState {
  readonly origin: { readonly [key: string]: unknown };
  readonly serial: number;
  readonly cases: number;
  readonly steps: number;
  readonly history: readonly Sample[];
  readonly spent: SpentTime;
  /** Cases that showed each cause, by its key. */
  readonly counts: Readonly<Record<string, number>>;
  readonly coverage: SavedCoverage;
}

/** A finding as its file says it. */
export interface FiledFinding {
  readonly facts: FindingFacts;
  /** Of the campaign that found it. */
  readonly seed: number;
  readonly text: string;
}

/** A campaign as its folder holds it. */
export interface CampaignPart {
  readonly name: string;
  readonly state: SavedState;
  readonly findings: readonly FiledFinding[];
  /** Texts of sessions that reached new code. */
  readonly seeds: readonly string[];
}

/**
 * Unites campaigns of the same target and options: one finding for each cause, its shortest session, and the sum of the
 * rest. It does not matter in which order and in which steps campaigns are united.
 *
 * @throws UsageError for campaigns that differ, and for one that is there twice.
 */
export function merge(parts: readonly CampaignPart[]): Omit<CampaignPart, 'name'> {
  const [first] = parts;
  if (first === undefined) throw refused('merge', 'folders of campaigns', 'none');
  const names = new Set<string>();
  for (const { name, state } of parts) {
    const [wanted, actual] = [first.state, state].map((one) => jsonText(sharedKeys(one)));
    if (wanted !== actual) throw refused(name, wanted as string, actual as string);
    for (const part of partsOf(state)) {
      if (names.has(part)) throw refused(name, 'each campaign once', part);
      names.add(part);
    }
  }
  const states = parts.map(({ state }) => state);
  return {
    state: {
      origin: { ...first.state.origin, seed: 0, shard: MERGED, parts: [...names].sort() },
      serial: 0,
      cases: sum(states.map(({ cases }) => cases)),
      steps: sum(states.map(({ steps }) => steps)),
      history: [mergedSample(states)],
      spent: {
        elapsedMs: sum(states.map(({ spent }) => spent.elapsedMs)),
        refiningMs: sum(states.map(({ spent }) => spent.refiningMs)),
      },
      counts: mergedCounts(states),
      coverage: mergedCoverage(states),
    },
    findings: mergedFindings(parts),
    seeds: [...new Set(parts.flatMap(({ seeds }) => seeds))].sort(),
  };
}

/** @param path the campaign, or what was asked for. */
function refused(path: string, expected: string, actual: string): UsageError {
  return new UsageError({ code: 'argument', path, expected, actual });
}

/** What must be the same in campaigns that are united. */
function sharedKeys({ origin }: SavedState): object {
  const { seed, shard, parts, ...shared } = origin;
  return shared;
}

function partsOf({ origin }: SavedState): readonly string[] {
  return Array.isArray(origin.parts)
    ? (origin.parts as string[])
    : [`seed ${origin.seed} shard ${origin.shard}`];
}

function mergedSample(states: readonly SavedState[]): Sample {
  const ends = states.map(({ history }) => history.at(-1)).filter((end) => end !== undefined);
  const pairs = new Set(states.flatMap(({ coverage }) => coverage.pairs.map(([index]) => index)));
  const causes = new Set(states.flatMap(({ counts }) => Object.keys(counts)));
  return {
    elapsedMs: Math.max(0, ...ends.map(({ elapsedMs }) => elapsedMs)),
    cases: sum(states.map(({ cases }) => cases)),
    steps: sum(states.map(({ steps }) => steps)),
    pairs: pairs.size,
    findings: causes.size,
  };
}

function mergedCounts(states: readonly SavedState[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const state of states)
    for (const [key, count] of Object.entries(state.counts)) counts.set(key, (counts.get(key) ?? 0) + count);
  return Object.fromEntries([...counts].sort(([one], [other]) => order(one, other)));
}

function mergedCoverage(states: readonly SavedState[]): SavedCoverage {
  const summed = (key: 'pairs' | 'mutated' | 'cases' | 'gains') => {
    const counts = new Map<number, number>();
    for (const { coverage } of states)
      for (const [index, count] of coverage[key]) counts.set(index, (counts.get(index) ?? 0) + count);
    return [...counts].sort(([one], [other]) => one - other);
  };
  const endings = new Map<string, SavedCoverage['endings'][number]>();
  for (const { coverage } of states)
    for (const ending of coverage.endings) {
      const { kind, text, message, from } = ending;
      const key = [kind, text, message, from].join(' ');
      const known = endings.get(key);
      const count = ending.count + (known?.count ?? 0);
      const firstCase = Math.min(ending.firstCase, known?.firstCase ?? Number.POSITIVE_INFINITY);
      endings.set(key, { ...ending, count, firstCase });
    }
  return {
    pairs: summed('pairs'),
    mutated: summed('mutated'),
    cases: summed('cases'),
    gains: summed('gains'),
    endings: [...endings].sort(([one], [other]) => order(one, other)).map(([, ending]) => ending),
  };
}

/** The best session of each cause, numbered in the order of the causes' names. */
function mergedFindings(parts: readonly CampaignPart[]): readonly FiledFinding[] {
  const best = new Map<string, FiledFinding>();
  for (const finding of parts.flatMap(({ findings }) => findings)) {
    const { key } = finding.facts.cause;
    const known = best.get(key);
    if (known === undefined || rank(finding) < rank(known)) best.set(key, finding);
  }
  return [...best]
    .sort(([one], [other]) => order(one, other))
    .map(([, finding], index) => ({ ...finding, facts: { ...finding.facts, number: index + 1 } }));
}

/** Confirmed before unstable, short before long, and the rest so that every order of merging gives the same. */
function rank({ facts, text }: FiledFinding): string {
  const state = facts.state === 'unstable' ? 9 : findingStates.length - findingStates.indexOf(facts.state);
  const session = text.slice(text.indexOf('\n'));
  return `${state} ${String(facts.size).padStart(9, '0')} ${String(facts.caseNumber).padStart(16, '0')} ${session}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
