import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError, WireError } from '../../base/error.js';
import type { Finding, FindingCount, FindingFacts } from '../../fuzz/campaign/finding.js';
import type { SavedCoverage } from '../../fuzz/engine/coverage.js';
import { readFinding } from '../../fuzz/findings/read.js';
import { findingName, findingText, type Origin } from '../../fuzz/findings/write.js';
import type { Sample } from '../../fuzz/report/report.js';
import { FileError } from '../file-error.js';
import { readFrom } from '../folder.js';

/** State of a campaign from which a later run continues. */
export interface SavedState {
  readonly origin: { readonly [key: string]: unknown };
  readonly serial: number;
  readonly cases: number;
  readonly steps: number;
  readonly history: readonly Sample[];
  /** Cases that showed each cause, by its key. */
  readonly counts: Readonly<Record<string, number>>;
  readonly coverage: SavedCoverage;
}

const STATE_FILE = 'state.json';
const FINDINGS_FOLDER = 'findings';

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

  saveFinding(finding: Finding): void {
    this.write(join(FINDINGS_FOLDER, findingName(finding)), findingText(finding, this.#origin));
  }

  saveState(state: Omit<SavedState, 'origin'>): void {
    this.write(STATE_FILE, `${JSON.stringify({ origin: originKeys(this.#origin), ...state })}\n`);
  }

  /** Replaces a file of the folder, in one step. @throws FileError */
  write(name: string, text: string): void {
    const path = join(this.#path, name);
    const draft = `${path}.new`;
    try {
      mkdirSync(dirname(path), { recursive: true });
      const file = openSync(draft, 'w');
      writeFileSync(file, text);
      fsyncSync(file);
      closeSync(file);
      renameSync(draft, path);
    } catch (error) {
      throw new FileError(path, error);
    }
  }

  #state(): SavedState | undefined {
    const [name] = namesIn(this.#path).filter((one) => one === STATE_FILE);
    if (name === undefined) return undefined;
    const state = JSON.parse(readFrom(this.#path, name)) as SavedState;
    const [before, now] = [state.origin, originKeys(this.#origin)].map((keys) => JSON.stringify(keys));
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
    const folder = join(this.#path, FINDINGS_FOLDER);
    return namesIn(folder)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => {
        const facts = factsOf(readFrom(folder, name));
        return facts === undefined ? [] : [facts];
      });
  }
}

/** What must be the same in the run that continues a campaign. */
function originKeys({ seed, target, version, platform, careful, options }: Origin): SavedState['origin'] {
  return { seed, target, version, platform: platform.name, careful, options };
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

/** The finding in a file; undefined for a file that holds none. */
function factsOf(text: string): FindingFacts | undefined {
  try {
    const lines = text.split('\n').filter((line) => line !== '');
    const { played, about } = readFinding(
      lines.map((line): unknown => JSON.parse(line)),
      () => new Uint8Array(0),
    );
    if (about === undefined) return undefined;
    const { kind, key, text: cause, number, caseNumber, state } = about;
    return { cause: { kind, key, text: cause }, number, caseNumber, size: played.steps.length, state };
  } catch (error) {
    if (error instanceof WireError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
