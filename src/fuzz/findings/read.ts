import { WireError } from '../../base/error.js';
import { type RecordedStep, readHeader, readStep } from '../../sim/index.js';
import { type FindingFacts, findingStates } from '../campaign/finding.js';
import { type Cause, causeKinds } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';
import { emptyResponse } from '../play/target-task.js';
import type { Response, Step } from '../targets/step.js';

/** A finding as it was written, or any recording. */
export interface StoredFinding {
  readonly played: PlayedSession;
  /** What the first line says of it; undefined for a recording that is none. */
  readonly about: FindingHeader | undefined;
}

/** What the first line of a finding says. */
export interface FindingHeader extends Cause, Omit<FindingFacts, 'cause' | 'size'> {
  readonly seed: number;
  readonly target: string;
  readonly profile: string;
  readonly careful: boolean;
}

type Line = Readonly<Record<string, unknown>>;

/**
 * Reads the lines of a finding. @param file contents of files that a recording loads by name.
 * @throws WireError for what is no recording, or has operations that no target knows.
 */
export function readFinding(lines: Iterable<unknown>, file: (name: string) => Uint8Array): StoredFinding {
  const [first, ...rest] = lines;
  readHeader(first);
  const steps: Step[] = [];
  const responses: Response[] = [];
  for (const line of rest) {
    const recorded = readStep(line);
    const step = stepOf(recorded, file);
    if (step === undefined) continue;
    const { out, panic, refused } = recorded;
    const ended = panic === undefined ? undefined : { kind: 'panic' as const, text: panic };
    steps.push(step);
    responses.push({ ...emptyResponse, out, refused: refused !== undefined, ended });
  }
  return { played: { steps, responses, cause: undefined }, about: aboutOf(first as Line) };
}

/** A recorded step as one for a target; undefined for remarks. */
function stepOf(recorded: RecordedStep, file: (name: string) => Uint8Array): Step | undefined {
  switch (recorded.kind) {
    case 'frame':
      return { kind: recorded.kind, from: recorded.from, frame: recorded.frame };
    case 'load': {
      const { kind, address, contents } = recorded;
      const bytes = typeof contents === 'string' ? file(contents) : contents;
      return { kind, address: Number(address), bytes };
    }
    case 'vcpu_halt': {
      const { kind, vmid, state, data } = recorded;
      return { kind, vmid, state, data };
    }
    case 'receive_limit':
      return { kind: recorded.kind, vmid: recorded.vmid, count: recorded.count };
    case 'drain':
      return { kind: recorded.kind };
    case 'remark':
    case 'end':
    case 'vcpu_run_result':
      return undefined;
    default: {
      const expected = 'a step of a session';
      throw new WireError({ code: 'session', path: 'op', offset: 0, expected, actual: recorded.kind });
    }
  }
}

function aboutOf(first: Line): FindingHeader | undefined {
  const { fuzz, description, profile, careful } = first;
  if (typeof fuzz !== 'object' || fuzz === null) return undefined;
  const { number, seed, target, cause, state, case: caseNumber } = fuzz as Line;
  const { kind, key } = (cause ?? {}) as Line;
  const known = causeKinds.find((name) => name === kind);
  if (known === undefined || typeof key !== 'string') return undefined;
  return {
    number: Number(number),
    seed: Number(seed),
    caseNumber: Number(caseNumber),
    target: String(target),
    kind: known,
    key,
    text: typeof description === 'string' ? description : key,
    state: findingStates.find((name) => name === state) ?? 'found',
    profile: typeof profile === 'string' ? profile : 'native',
    careful: careful === true,
  };
}
