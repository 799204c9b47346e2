import { jsonText } from '../../base/json.js';
import { type ManagerProfile, managers, type PlatformProfile } from '../../rm/index.js';
import { recordedLine } from '../../target/index.js';
import type { Finding, FindingFacts } from '../campaign/finding.js';
import { isGuided } from '../guide/guided-source.js';
import type { Seed } from '../guide/seeds.js';
import type { PlayedSession } from '../play/play.js';
import { programEndOf, programEndText } from './program-end.js';

/** The campaign that a finding comes from. */
export interface Origin {
  readonly seed: number;
  /** As on the command line: `sim`, `exec:...`, `socket:...`. */
  readonly target: string;
  /** Version of this package. */
  readonly version: string;
  readonly platform: PlatformProfile;
  /** Whose manager: that of target sim, and the reference. */
  readonly manager: ManagerProfile;
  readonly careful: boolean;
  /** Which part of the cases; absent for all. */
  readonly shard?: string;
  /** Further options that decide what cases do, as on the command line. */
  readonly options: readonly string[];
}

/** File name of a finding: its number, then words of its cause. */
export function findingName({ number, cause }: FindingFacts): string {
  const words = cause.key.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `finding-${String(number).padStart(3, '0')}-${words.slice(0, 60).replace(/^-|-$/g, '')}.ndjson`;
}

/** The command line that runs a case again. */
export function reproduceCommand({ seed, target, options }: Origin, caseNumber: number): string {
  const words = ['--target', quoted(target), '--seed', seed, '--case', caseNumber, ...options.map(quoted)];
  return `gunyah-rm fuzz ${words.join(' ')}`;
}

/** The command line that plays a finding's file, which names its target. */
export function reproduceFile(finding: FindingFacts): string {
  return `gunyah-rm fuzz reproduce ${findingName(finding)}`;
}

/** The command line that shows a finding again: its case, or its file, where its case follows from other sessions, too. */
export function showAgain(finding: FindingFacts, origin: Origin): string {
  return isGuided(finding.caseNumber) ? reproduceFile(finding) : reproduceCommand(origin, finding.caseNumber);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * A finding as a recording (vectors/README.md), which `replay`, `simulate` and `fuzz reproduce` read. Its first line also
 * holds where it comes from and the command lines that show it again.
 */
export function findingText(finding: Finding, origin: Origin): string {
  const { cause, caseNumber, played, state } = finding;
  const { seed, target, version, platform, manager, careful } = origin;
  const end = programEndOf(cause, target);
  const first = {
    scenario: `fuzz: ${cause.key}`,
    description: cause.text,
    platform: { queue_depth: 8, hlos_owns_io: false },
    profile: platform.name,
    ...(manager === managers.rm23 ? {} : { manager: manager.name }),
    ...(careful ? { careful } : {}),
    fuzz: {
      number: finding.number,
      seed,
      case: caseNumber,
      target,
      version,
      state,
      ...(origin.options.includes('--no-reference') ? { reference: false } : {}),
      cause: { kind: cause.kind, key: cause.key },
      ...(end === undefined ? {} : { ended: programEndText(end) }),
      reproduce: [
        reproduceFile(finding),
        ...(isGuided(caseNumber) ? [] : [reproduceCommand(origin, caseNumber)]),
      ],
    },
  };
  return linesText(first, played);
}

/** The text of a finding under another number. */
export function renumbered(text: string, finding: FindingFacts): string {
  const end = text.indexOf('\n');
  const first = JSON.parse(text.slice(0, end));
  const [, ...others] = first.fuzz.reproduce;
  const fuzz = { ...first.fuzz, number: finding.number, reproduce: [reproduceFile(finding), ...others] };
  return `${jsonText({ ...first, fuzz })}${text.slice(end)}`;
}

/** The text of a finding with a smaller session. */
export function shrunk(text: string, played: PlayedSession): string {
  const first = JSON.parse(text.slice(0, text.indexOf('\n')));
  const description = played.cause?.text ?? first.description;
  return linesText({ ...first, description, fuzz: { ...first.fuzz, state: 'smallest' } }, played);
}

/** A session that reached new code, as a recording, with the edges that it was the first to reach. */
export function seedText(number: number, seed: Seed): string {
  return linesText({ scenario: `fuzz: seed ${number}`, fuzz: { edges: seed.edges } }, seed);
}

function linesText(first: object, { steps, responses }: Pick<PlayedSession, 'steps' | 'responses'>): string {
  const lines = steps.map((step, index) => recordedLine(step, responses[index]));
  return [first, ...lines].map((line) => `${jsonText(line)}\n`).join('');
}
