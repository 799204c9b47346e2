import { WireError } from '../../base/error.js';
import { type Line, lineReaders } from '../../base/line-readers.js';
import type { FileContents, Operation } from '../../machine/index.js';
import type { ManagerProfile } from '../../rm/index.js';
import { readHeader, readStep } from '../../sim/index.js';
import { emptyResponse, type Response, type Step, stepKinds } from '../../target/index.js';
import { type FindingFacts, findingStates } from '../campaign/finding.js';
import { type Cause, causeKinds } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';

/** A finding that was written to a file, or any recording. */
export interface StoredFinding {
  readonly played: PlayedSession;
  /** From the first line; undefined for a recording that is no finding. */
  readonly about: FindingHeader | undefined;
  /** Edges that the session was the first to reach; undefined for what was not kept for that. */
  readonly edges: readonly number[] | undefined;
}

export interface FindingHeader extends Cause, Omit<FindingFacts, 'cause' | 'size'> {
  readonly seed: number;
  readonly target: string;
  readonly profile: string;
  readonly manager: ManagerProfile;
  readonly careful: boolean;
  /** Whether the target may be compared with a reference manager. */
  readonly reference: boolean;
}

const { object, strictly, text, natural, list, boolean, oneOf, optional } = lineReaders('finding');

/** Reads the lines of a finding, one after the other. */
export class FindingReader {
  readonly #file: FileContents;
  readonly #steps: Step[] = [];
  readonly #responses: Response[] = [];
  #about: FindingHeader | undefined;
  #edges: readonly number[] | undefined;
  #isFirst = true;

  /** @param file contents of files that a recording loads by name. */
  constructor(file: FileContents) {
    this.#file = file;
  }

  /** @throws WireError for what is no recording, and for operations that no target can do. */
  line(line: unknown): void {
    if (this.#isFirst) this.#header(line);
    else this.#step(line);
  }

  /** @throws WireError if there was no line. */
  end(): StoredFinding {
    if (this.#isFirst) readHeader(undefined);
    const played = { steps: this.#steps, responses: this.#responses, cause: undefined };
    return { played, about: this.#about, edges: this.#edges };
  }

  #header(line: unknown): void {
    const { profile } = readHeader(line);
    this.#edges = edgesOf(line as Line);
    if (this.#edges === undefined) this.#about = aboutOf(line as Line, profile);
    this.#isFirst = false;
  }

  #step(line: unknown): void {
    const { out, panic, refused, driver, ...step } = readStep(line, this.#file);
    if (step.kind === 'remark' || step.kind === 'end' || step.kind === 'vcpu_run_result') return;
    if (!isStep(step)) {
      const expected = 'a step of a session';
      throw new WireError({ code: 'session', path: 'op', offset: 0, expected, actual: step.kind });
    }
    const ended = panic === undefined ? undefined : { kind: 'panic' as const, text: panic };
    // A session has all bytes in itself.
    this.#steps.push(step.kind === 'load' ? { ...step, file: undefined } : step);
    this.#responses.push({ ...emptyResponse, out, refused: refused !== undefined, ended });
  }
}

function isStep(operation: Operation): operation is Step {
  return (stepKinds as readonly string[]).includes(operation.kind);
}

/** Reads what the first line says of a finding. @throws WireError `finding` for a value that no finding has. */
function aboutOf(first: Line, manager: ManagerProfile): FindingHeader | undefined {
  const fuzz = optional(first, 'fuzz', object);
  if (fuzz === undefined) return undefined;
  return strictly(fuzz, 'fuzz', (facts) => readFacts(first, facts, manager), [
    'version',
    'ended',
    'reproduce',
  ]);
}

function readFacts(first: Line, fuzz: Line, manager: ManagerProfile): FindingHeader {
  const cause = object(fuzz.cause, 'fuzz.cause');
  const key = text(cause.key, 'fuzz.cause.key');
  return {
    number: natural(fuzz.number, 'fuzz.number'),
    seed: natural(fuzz.seed, 'fuzz.seed'),
    caseNumber: natural(fuzz.case, 'fuzz.case'),
    target: text(fuzz.target, 'fuzz.target'),
    kind: oneOf(causeKinds, cause.kind, 'fuzz.cause.kind'),
    key,
    text: optional(first, 'description', text) ?? key,
    state: oneOf(findingStates, fuzz.state ?? 'found', 'fuzz.state'),
    profile: optional(first, 'profile', text) ?? 'native',
    manager,
    reference: optional(fuzz, 'reference', boolean) ?? true,
    careful: optional(first, 'careful', boolean) ?? false,
  };
}

/** What the first line says of a session that was kept because it reached new code. */
function edgesOf(first: Line): readonly number[] | undefined {
  const fuzz = optional(first, 'fuzz', object);
  if (fuzz === undefined || !('edges' in fuzz)) return undefined;
  return list(fuzz.edges, 'fuzz.edges').map((edge) => natural(edge, 'fuzz.edges'));
}
