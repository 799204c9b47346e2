import { WireError } from '../../base/error.js';
import type { FileContents, Operation } from '../../machine/index.js';
import type { ManagerProfile } from '../../rm/index.js';
import { readHeader, readStep } from '../../sim/index.js';
import { type FindingFacts, findingStates } from '../campaign/finding.js';
import { type Cause, causeKinds } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';
import { emptyResponse } from '../play/target-task.js';
import { type Response, type Step, stepKinds } from '../targets/step.js';

/** A finding that was written to a file, or any recording. */
export interface StoredFinding {
  readonly played: PlayedSession;
  /** From the first line; undefined for a recording that is no finding. */
  readonly about: FindingHeader | undefined;
}

export interface FindingHeader extends Cause, Omit<FindingFacts, 'cause' | 'size'> {
  readonly seed: number;
  readonly target: string;
  readonly profile: string;
  readonly manager: ManagerProfile;
  readonly careful: boolean;
}

type Line = Readonly<Record<string, unknown>>;

/**
 * Reads the lines of a finding. @param file contents of files that a recording loads by name.
 * @throws WireError for what is no recording, and for operations that no target can do.
 */
export function readFinding(lines: Iterable<unknown>, file: FileContents): StoredFinding {
  const [first, ...rest] = lines;
  const { profile: manager } = readHeader(first);
  const steps: Step[] = [];
  const responses: Response[] = [];
  for (const line of rest) {
    const { out, panic, refused, driver, ...step } = readStep(line, file);
    if (step.kind === 'remark' || step.kind === 'end' || step.kind === 'vcpu_run_result') continue;
    if (!isStep(step)) {
      const expected = 'a step of a session';
      throw new WireError({ code: 'session', path: 'op', offset: 0, expected, actual: step.kind });
    }
    const ended = panic === undefined ? undefined : { kind: 'panic' as const, text: panic };
    // A session has all bytes in itself.
    steps.push(step.kind === 'load' ? { ...step, file: undefined } : step);
    responses.push({ ...emptyResponse, out, refused: refused !== undefined, ended });
  }
  return { played: { steps, responses, cause: undefined }, about: aboutOf(first as Line, manager) };
}

function isStep(operation: Operation): operation is Step {
  return (stepKinds as readonly string[]).includes(operation.kind);
}

function aboutOf(first: Line, manager: ManagerProfile): FindingHeader | undefined {
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
    manager,
    careful: careful === true,
  };
}
