import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { inContext, UsageError } from '../../base/error.js';
import { jsonText, parseJson } from '../../base/json.js';
import type { Finding, FindingCount, FindingFacts } from '../../fuzz/campaign/finding.js';
import { findingPage, pageName, type SeenIn, withSeenIn } from '../../fuzz/findings/page.js';
import { FindingReader, type StoredFinding } from '../../fuzz/findings/read.js';
import { findingName, findingText, type Origin, renumbered, seedText } from '../../fuzz/findings/write.js';
import type { Seed } from '../../fuzz/guide/seeds.js';
import { type CampaignPart, type FiledFinding, MERGED, type SavedState } from '../../fuzz/merge/merge.js';
import { FileError } from '../file-error.js';
import { writeFile } from '../files.js';
import { readWholeFile } from '../input.js';
import { readState, STATE_VERSION } from './saved-state.js';

const STATE_FILE = 'state.json';
const FINDINGS_FOLDER = 'findings';
const SEEDS_FOLDER = 'seeds';

/**
 * The folder of a campaign. Each finding is written at once to a file of its own, and the state every few seconds. After
 * a kill all findings are there, and the next run repeats a few seconds of cases.
 */
export class CampaignFolder {
  readonly #path: string;
  readonly #origin: Origin;

  constructor(path: string, origin: Origin) {
    this.#path = path;
    this.#origin = origin;
  }

  /** State and findings of earlier runs. @throws UsageError when it was another campaign, FileError. */
  load(): { readonly state: SavedState | undefined; readonly known: readonly FindingCount[] } {
    const state = this.#state();
    const known = this.#findings().map((finding) => ({
      finding,
      count: state?.counts[finding.cause.key] ?? 1,
    }));
    return { state, known };
  }

  saveFinding(finding: Finding, seenIn: SeenIn): void {
    this.write(join(FINDINGS_FOLDER, findingName(finding)), findingText(finding, this.#origin));
    this.write(join(FINDINGS_FOLDER, pageName(finding)), findingPage(finding, this.#origin, seenIn));
  }

  /** Brings the pages up to date. @param cases of the campaign. @throws FileError */
  saveCounts(findings: readonly FindingCount[], cases: number): void {
    const folder = join(this.#path, FINDINGS_FOLDER);
    const names = new Set(namesIn(folder));
    for (const { finding, count } of findings) {
      const name = pageName(finding);
      if (!names.has(name)) continue;
      const page = textOf(join(folder, name));
      const now = withSeenIn(page, { cases: count, all: cases });
      if (now !== page) this.write(join(FINDINGS_FOLDER, name), now);
    }
  }

  /** @param number 1, 2, ... in the order in which they were kept. */
  saveSeed(number: number, seed: Seed): void {
    this.write(join(SEEDS_FOLDER, seedName(number)), seedText(number, seed));
  }

  /** The sessions that earlier runs have kept because they reached new code. @throws WireError, FileError */
  loadSeeds(): readonly Seed[] {
    return filesOf(this.#path, SEEDS_FOLDER).flatMap(seedOf);
  }

  saveState(state: Omit<SavedState, 'origin'>): void {
    this.write(
      STATE_FILE,
      `${jsonText({ version: STATE_VERSION, origin: originKeys(this.#origin), ...state })}\n`,
    );
  }

  /** Replaces a file of the folder, in one step. @throws FileError */
  write(name: string, text: string): void {
    writeFile(join(this.#path, name), text, true);
  }

  #state(): SavedState | undefined {
    if (!namesIn(this.#path).includes(STATE_FILE)) return undefined;
    const state = stateIn(this.#path);
    const [before, now] = [state.origin, originKeys(this.#origin)].map((keys) => jsonText(keys));
    if (before !== now)
      throw new UsageError({
        code: 'option',
        path: '--out',
        expected: `the campaign that is there, ${before}`,
        actual: now as string,
      });
    return state;
  }

  #findings(): FindingFacts[] {
    return filedIn(this.#path).map(({ facts }) => facts);
  }
}

/** The file that every campaign has. */
export function stateFileIn(path: string): string {
  return join(path, STATE_FILE);
}

/**
 * The campaigns in a folder: those of its shards, or the one itself.
 *
 * @throws WireError for damaged files, FileError when there is none.
 */
export function campaignsIn(path: string): readonly CampaignPart[] {
  const shards = namesIn(path).filter((name) => /^shard-\d+-of-\d+$/.test(name));
  return shards.length === 0 ? [partIn(path)] : shards.map((name) => partIn(join(path, name)));
}

/**
 * Makes sure that what several campaigns have found may be written to a folder: findings there are replaced.
 *
 * @throws UsageError for the folder of a campaign that was not merged, WireError for a damaged one, FileError.
 */
export function refuseOwnCampaign(path: string): void {
  if (!namesIn(path).includes(STATE_FILE) || stateIn(path).origin.shard === MERGED) return;
  const expected = 'a folder that has no campaign of its own';
  throw new UsageError({ code: 'option', path: '--out', expected, actual: path });
}

function stateIn(path: string): SavedState {
  const file = stateFileIn(path);
  return inContext(`${file}: `, () => readState(parseJson(textOf(file))));
}

function partIn(path: string): CampaignPart {
  return {
    name: path,
    state: stateIn(path),
    findings: filedIn(path),
    seeds: filesOf(path, SEEDS_FOLDER).map(textOf),
  };
}

/** Writes a merged campaign. Findings and seeds of an earlier merging are replaced. @throws FileError */
export function writeMerged(
  path: string,
  { state, findings, seeds }: Omit<CampaignPart, 'name'>,
  origin: Origin,
): void {
  const folder = join(path, FINDINGS_FOLDER);
  removeFrom(folder, /^finding-.*\.(ndjson|md)$/);
  removeFrom(join(path, SEEDS_FOLDER), /^seed-\d+\.ndjson$/);
  for (const { facts, text } of findings) {
    const file = join(folder, findingName(facts));
    writeFile(file, renumbered(text, facts), true);
    const { played, about } = storedIn(file);
    const seenIn = { cases: state.counts[facts.cause.key] ?? 1, all: state.cases };
    const page = findingPage({ ...facts, played }, { ...origin, seed: about?.seed ?? origin.seed }, seenIn);
    writeFile(join(folder, pageName(facts)), page);
  }
  for (const [index, text] of seeds.entries()) writeFile(join(path, SEEDS_FOLDER, seedName(index + 1)), text);
  writeFile(stateFileIn(path), `${jsonText({ version: STATE_VERSION, ...state })}\n`, true);
}

/** @param number 1, 2, ... */
function seedName(number: number): string {
  return `seed-${String(number).padStart(5, '0')}.ndjson`;
}

function removeFrom(folder: string, names: RegExp): void {
  for (const name of namesIn(folder)) if (names.test(name)) unlinkSync(join(folder, name));
}

function filesOf(path: string, folder: string): readonly string[] {
  return namesIn(join(path, folder))
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => join(path, folder, name));
}

/** What must be the same in the run that continues a campaign. */
function originKeys(origin: Origin): SavedState['origin'] {
  const { seed, target, version, platform, careful, options, shard = '1/1' } = origin;
  return { seed, shard, target, version, platform: platform.name, careful, options };
}

/** Sorted names of the files of a folder; none when the folder does not exist. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FileError(folder, error);
  }
}

/** The findings of a campaign. Recordings that are none are left out. @throws WireError with file and line, FileError */
function filedIn(path: string): readonly FiledFinding[] {
  return filesOf(path, FINDINGS_FOLDER).flatMap((file) => {
    const { played, about } = storedIn(file);
    if (about === undefined) return [];
    const { kind, key, text, number, caseNumber, state, seed } = about;
    const facts = { cause: { kind, key, text }, number, caseNumber, size: played.steps.length, state };
    return [{ facts, seed, text: textOf(file) }];
  });
}

function seedOf(path: string): Seed[] {
  const { played, edges } = storedIn(path);
  return edges === undefined ? [] : [{ ...played, edges }];
}

function storedIn(path: string): StoredFinding {
  const reader = new FindingReader(() => new Uint8Array(0));
  for (const [index, line] of textOf(path).split('\n').entries())
    if (line.trim() !== '') inContext(`${path}: line ${index + 1}: `, () => reader.line(parseJson(line)));
  return inContext(`${path}: `, () => reader.end());
}

function textOf(path: string): string {
  return Buffer.from(readWholeFile(path)).toString('utf8');
}
