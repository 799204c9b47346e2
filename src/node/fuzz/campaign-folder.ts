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

/** Where a campaign is, to be gone on with. */
export interface SavedState {
  readonly origin: { readonly [key: string]: unknown };
  readonly serial: number;
  readonly cases: number;
  readonly steps: number;
  readonly history: readonly Sample[];
  /** How often each cause was met, by its key. */
  readonly counts: Readonly<Record<string, number>>;
  readonly coverage: SavedCoverage;
}

const STATE_FILE = 'state.json';
const FINDINGS_FOLDER = 'findings';

/**
 * The folder of a campaign: each finding in a file of its own, written at once and whole, and from time to time where
 * the campaign is. What a process that was killed has found is there; at most a few seconds of cases are run again.
 */
export class CampaignFolder {
  readonly #path: string;
  readonly #origin: Origin;

  constructor(path: string, origin: Origin) {
    this.#path = path;
    this.#origin = origin;
  }

  /** What an earlier run has left. @throws UsageError when it was another campaign, FileError. */
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

  /** Writes a file of the folder: all of it, or it stays as it was. @throws FileError */
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

/** What must be the same for a campaign to be gone on with. */
function originKeys({ seed, target, version, platform, careful, options }: Origin): SavedState['origin'] {
  return { seed, target, version, platform: platform.name, careful, options };
}

/** Names of the files of a folder, sorted; none when there is no folder. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FileError(folder, error);
  }
}

/** What a file says of its finding; undefined for a file that is none. */
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
