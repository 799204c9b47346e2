import { formatHex } from '../../base/hex.js';
import type { PlatformProfile } from '../../rm/index.js';
import type { Finding, FindingFacts } from '../campaign/finding.js';
import type { Response, Step } from '../targets/step.js';

/** What a campaign says of itself in its findings. */
export interface Origin {
  readonly seed: number;
  /** As on the command line: `sim`, `exec:...`, `socket:...`. */
  readonly target: string;
  /** Of this package. */
  readonly version: string;
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  /** Options that decide what cases do, besides the seed, as on the command line. */
  readonly options: readonly string[];
}

/** A file name of its own for a finding, which sorts by number and says what it is about. */
export function findingName({ number, cause }: FindingFacts): string {
  const words = cause.key.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `finding-${String(number).padStart(3, '0')}-${words.slice(0, 60).replace(/^-|-$/g, '')}.ndjson`;
}

/** The command line that plays the case of a finding again, from its numbers alone. */
export function reproduceCommand({ seed, target, options }: Origin, caseNumber: number): string {
  const words = ['--target', quoted(target), '--seed', seed, '--case', caseNumber, ...options.map(quoted)];
  return `gunyah-rm fuzz ${words.join(' ')}`;
}

/** Programs are run by name only where the command line says so, hence the target. */
function reproduceFile(finding: FindingFacts, { target }: Origin): string {
  const words = target === 'sim' ? [] : ['--target', quoted(target)];
  return ['gunyah-rm fuzz reproduce', ...words, findingName(finding)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * A finding as a recording (vectors/README.md) of what the target did, which `replay`, `simulate` and `fuzz reproduce`
 * take. Its first line also says where it comes from and how it is brought about again.
 */
export function findingText(finding: Finding, origin: Origin): string {
  const { cause, caseNumber, played, state } = finding;
  const { seed, target, version, platform, careful } = origin;
  const first = {
    scenario: `fuzz: ${cause.key}`,
    description: cause.text,
    platform: { queue_depth: 8, hlos_owns_io: false },
    profile: platform.name,
    ...(careful ? { careful } : {}),
    fuzz: {
      number: finding.number,
      seed,
      case: caseNumber,
      target,
      version,
      state,
      cause: { kind: cause.kind, key: cause.key },
      reproduce: [reproduceFile(finding, origin), reproduceCommand(origin, caseNumber)],
    },
  };
  const steps = played.steps.map((step, index) => stepLine(step, played.responses[index]));
  return [first, ...steps].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function stepLine(step: Step, response: Response | undefined): object {
  const out = response?.out.map(({ to, frame }) => ({ to, frame: formatHex(frame) })) ?? [];
  return {
    ...operation(step),
    ...(out.length === 0 ? {} : { out }),
    ...(response?.ended === undefined ? {} : { panic: response.ended.text }),
    ...(response?.refused === true ? { refused: 'by the queue' } : {}),
  };
}

function operation(step: Step): object {
  switch (step.kind) {
    case 'frame':
      return { from: step.from, frame: formatHex(step.frame) };
    case 'load':
      return { op: 'load', address: `0x${step.address.toString(16)}`, data: formatHex(step.bytes) };
    case 'vcpu_halt': {
      const { kind: op, vmid, state, data } = step;
      return { op, vmid, state, data: data.map((word) => `0x${word.toString(16)}`) };
    }
    case 'receive_limit':
      return { op: step.kind, vmid: step.vmid, count: step.count };
    case 'drain':
      return { op: step.kind };
  }
}
