import { isLine, type Line } from '../base/line-readers.js';
import type { Json } from '../capture/payload/index.js';
import { matchesPart } from '../sim/index.js';
import { type Response, type Step, stepKinds, type Target, type TargetTask } from '../target/index.js';
import type { Case, CaseStep } from './case.js';
import {
  type ExpectedSide,
  expectedSides,
  messagesIn,
  type PreparedStep,
  prepare,
  type Side,
  withFrames,
} from './played-step.js';
import { endingText } from './recording-task.js';

/** Sequence number of the first request of a case. */
const FIRST_SEQ = 0x100;

/** A message that should have come beside the one that came; one of the two may be missing. */
export interface Difference {
  readonly expected: Side | undefined;
  readonly actual: Side | undefined;
}

/** What a step of a case showed. */
export interface Failure {
  /** Index in the steps of the case. */
  readonly step: number;
  /** The queue messages that were put. */
  readonly sent: readonly Step[];
  readonly differences: readonly Difference[];
  /** How the manager ended, if it did. */
  readonly ended: string | undefined;
}

export interface CaseResult {
  readonly case: Case;
  /** `blocked`: the state that it needs was not reached. `skipped`: the target cannot do what it needs. */
  readonly status: 'passed' | 'failed' | 'blocked' | 'skipped';
  readonly failure?: Failure;
  /** Why it is blocked or skipped. */
  readonly reason?: string;
  /** All that was put to the manager, with its answers. */
  readonly played: readonly { readonly step: Step; readonly response: Response }[];
}

/** What a case needs to know of its target. */
export interface CaseTarget extends Pick<Target, 'steps' | 'isFresh'> {
  /** The devicetree is in memory at each boot. */
  readonly isLoaded: boolean;
}

/** Runs one case on a target that has been reset. */
export function* runCase(item: Case, target: CaseTarget): TargetTask<CaseResult> {
  const lacks = lackOf(item, target);
  if (lacks !== undefined) return { case: item, status: 'skipped', reason: lacks, played: [] };
  const run = new CaseRun(item, target);
  const result = yield* run.all();
  if (!target.isFresh) yield* run.undo();
  return result;
}

/** Why a case cannot be run on a target. */
function lackOf(item: Case, { steps, isFresh, isLoaded }: CaseTarget): string | undefined {
  if (item.needsBoot === true && !isFresh) return 'the manager has not just booted';
  const kinds = [...item.given, ...item.steps].map(({ operation }) => operation?.op ?? 'frame');
  const lacking = stepKinds.find((kind) => kinds.includes(kind) && !steps.has(kind));
  return lacking === undefined || (lacking === 'load' && isLoaded)
    ? undefined
    : `the target cannot do ${lacking}`;
}

class CaseRun {
  readonly #case: Case;
  readonly #strict: boolean;
  readonly #isLoaded: boolean;
  readonly #known = new Map<string, Json>();
  readonly #played: { step: Step; response: Response }[] = [];
  #seq = FIRST_SEQ;
  #hasEnded = false;

  constructor(item: Case, { isFresh, isLoaded }: CaseTarget) {
    this.#case = item;
    // A manager that has just booted sends nothing that is not expected.
    this.#strict = isFresh;
    this.#isLoaded = isLoaded;
  }

  *all(): TargetTask<CaseResult> {
    const { given, steps } = this.#case;
    for (const step of given) {
      if (step.operation?.op === 'load' && this.#isLoaded) continue;
      const reason = yield* this.#reach(step);
      if (reason !== undefined) return this.#result('blocked', { reason });
    }
    for (const [index, step] of steps.entries()) {
      const failure = yield* this.#step(step, index, this.#strict);
      if (failure !== undefined) return this.#result('failed', { failure });
    }
    return this.#result('passed', {});
  }

  /**
   * Takes back what the case has made: parcels, and VMs in states in which the public manager survives it. A VM that was
   * configured and never initialised keeps its VMID.
   */
  *undo(): TargetTask<void> {
    const vms = [...this.#known.values()].flatMap((value) => numberIn(value, 'vmid'));
    for (const vmid of vms) {
      let state = yield* this.#stateOf(vmid);
      if (state === 'RUNNING') {
        yield* this.#ask('VM_STOP', { vmid, flags: ['FORCE_STOP'], stop_reason: 'FORCE_STOP' });
        state = 'EXITED';
      }
      if (state === 'EXITED' || state === 'READY') yield* this.#ask('VM_RESET', { vmid });
    }
    for (const value of this.#known.values())
      for (const mem_handle of numberIn(value, 'mem_handle'))
        yield* this.#ask('MEM_RECLAIM', { mem_handle, flags: [] });
    for (const vmid of vms) {
      const state = yield* this.#stateOf(vmid);
      if (state === 'LOAD' || state === 'RESET') yield* this.#ask('VM_DEALLOC_VMID', { vmid });
    }
  }

  *#stateOf(vmid: number): TargetTask<unknown> {
    const payload = yield* this.#ask('VM_GET_STATE', { vmid });
    return (payload as Line | undefined)?.vm_status;
  }

  /** @returns the payload of the reply. */
  *#ask(name: string, payload: Line): TargetTask<unknown> {
    if (this.#hasEnded) return undefined;
    const prepared = prepare({ message: { name, payload }, expect: [] }, this.#known, this.#seq++);
    const responses = yield* this.#put(prepared);
    return messagesIn(prepared, responses).find(({ keys }) => matchesPart(prepared.reply, keys))?.keys
      .payload;
  }

  #result(status: CaseResult['status'], rest: Pick<CaseResult, 'failure' | 'reason'>): CaseResult {
    return { case: this.#case, status, ...rest, played: this.#played };
  }

  *#put({ steps }: PreparedStep): TargetTask<Response[]> {
    const responses: Response[] = [];
    for (const step of steps) {
      const response = yield step;
      this.#played.push({ step, response });
      responses.push(response);
      this.#hasEnded ||= response.ended !== undefined;
      if (this.#hasEnded) break;
    }
    return responses;
  }

  /** Does a step on the way to the state of the case. Of what it causes only the reply counts. @returns what went wrong. */
  *#reach(step: CaseStep): TargetTask<string | undefined> {
    const { prepared, responses, actual } = yield* this.#do(step);
    const what = String(step.message?.name ?? step.operation?.op);
    const ended = responses.at(-1)?.ended;
    if (ended !== undefined) return `${what}: ${endingText(ended)}`;
    if (step.message === undefined) return undefined;
    const reply = actual.find((side) => answers(side, prepared));
    return reply?.keys.error === 'OK' ? undefined : `${what}: ${reply?.keys.error ?? 'no reply'}`;
  }

  *#do(step: CaseStep): TargetTask<{
    prepared: PreparedStep;
    responses: readonly Response[];
    actual: readonly Side[];
  }> {
    const prepared = prepare(step, this.#known, this.#seq++);
    const responses = yield* this.#put(prepared);
    const actual = messagesIn(prepared, responses);
    const payload = actual.find((side) => answers(side, prepared))?.keys.payload;
    if (step.as !== undefined && payload !== undefined) this.#known.set(step.as, payload as Json);
    return { prepared, responses, actual };
  }

  /** @param strict compares all messages; otherwise those that are expected must be among them, in their order. */
  *#step(step: CaseStep, index: number, strict: boolean): TargetTask<Failure | undefined> {
    const { prepared, responses, actual } = yield* this.#do(step);
    const expected = expectedSides(step, prepared, this.#known);
    const ended = responses.at(-1)?.ended;
    const differences = compare(expected, actual, strict);
    if (differences.length === 0 && ended === undefined) return undefined;
    return { step: index, sent: prepared.steps, differences, ended: ended && endingText(ended) };
  }
}

/** Whether a message is the reply to a step. */
function answers({ to, keys }: Side, { from, reply }: PreparedStep): boolean {
  return to === from && matchesPart({ type: 'reply', ...reply }, keys);
}

function numberIn(value: Json, key: string): readonly number[] {
  const number = isLine(value) ? value[key] : undefined;
  return typeof number === 'number' ? [number] : [];
}

/** What differs, for each VM in the order of its messages. */
export function compare(
  expected: readonly ExpectedSide[],
  actual: readonly Side[],
  strict: boolean,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const vmid of new Set([...expected, ...actual].map(({ to }) => to))) {
    const wanted = expected.filter(({ to }) => to === vmid);
    const got = actual.filter(({ to }) => to === vmid);
    let at = 0;
    for (const item of wanted) {
      // Notifications of what was there before the case may come in between.
      while (!strict && got[at]?.keys.type === 'notification' && !fits(item, got[at])) at++;
      const own = got[at];
      if (own === undefined && item.isOptional) continue;
      if (!fits(item, own)) differences.push({ expected: withFrames(item, own), actual: own });
      at++;
    }
    for (const own of got.slice(at))
      if (strict || own.keys.type === 'reply') differences.push({ expected: undefined, actual: own });
  }
  return differences;
}

/** A message with the expected keys, without anything that does not decode, and with reserved fields that are 0. */
function fits(expected: { readonly keys: Side['keys'] }, actual: Side | undefined): boolean {
  if (actual === undefined || !matchesPart({ ...expected.keys, issues: undefined }, actual.keys))
    return false;
  // Reserved fields are keys only where they are not 0.
  const { payload } = actual.keys;
  return !isLine(payload) || Object.keys(payload).every((key) => !/^reserved\d*$/.test(key));
}
