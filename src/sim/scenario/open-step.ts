import { constants, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { jsonText } from '../../base/json.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import type { VcpuExit } from '../../host/vm-manager/index.js';
import { ownerName, type Refusal } from '../../hypervisor/index.js';
import type { Taken } from '../../machine/index.js';
import { type PanicReason, panicPlaces } from '../../rm/index.js';
import { headerReader } from '../../rpc/index.js';
import { describeBytes, describeMessages, describeRecord } from '../describe.js';
import type { Outcome } from '../kernels/rm-client.js';
import type { CapabilityMask } from '../mask.js';
import type { Expectation, ScenarioStep } from './format.js';
import { exitKeys } from './host-step.js';
import type { Line } from './read.js';
import { matchesPart } from './values.js';

const { VMID_RM } = constants;
const header = headerReader(protocol);

/** An expectation that was not met, or something that happened without being expected. */
export interface Unmet {
  readonly expected: string;
  readonly actual: string;
}

/** Set capability ids to zero on both sides, because the hypervisor chooses them. */
export interface Masks {
  readonly expected: CapabilityMask;
  readonly actual: CapabilityMask;
}

interface Asked {
  readonly vmid: number;
  readonly seq: number;
  readonly id: number;
}

/** A step from its start until everything has settled: what was expected of it and what happened. */
export class OpenStep {
  readonly received: CaptureRecord[] = [];
  readonly #step: ScenarioStep;
  readonly #frames: Taken[] = [];
  readonly #unmet: Unmet[] = [];
  #waiting: Expectation[];
  #asked: Asked | undefined;
  #refused = false;
  #panic: PanicReason | undefined;
  #outcome: Outcome<unknown> | undefined;
  readonly #findings: string[] = [];
  /** What the hypervisor and the host have refused, oldest first. */
  readonly #refusals: Line[] = [];
  readonly #masks: Masks;

  constructor(
    readonly step: number,
    readonly line: Line,
    definition: ScenarioStep,
    readonly startNs: number,
    masks: Masks,
  ) {
    this.#masks = masks;
    this.#step = definition;
    this.#waiting = [...definition.expect];
  }

  /** The step has sent a message: a reply to it belongs to this step. */
  asks(vmid: number, frame: Uint8Array): void {
    const view = viewOf(frame);
    if (header.fault(view, 0, frame.byteLength) !== undefined) return;
    const { seq, msg_id } = header.read(view, 0);
    this.#asked = { vmid, seq, id: msg_id };
  }

  /** A VM took a queue message while this was the newest step. */
  took(frame: Taken): void {
    this.#frames.push({ to: frame.to, frame: this.#masks.actual.apply(frame.to, frame.frame) });
  }

  wasRefused(): void {
    this.#refused = true;
  }

  panicked(reason: PanicReason): void {
    this.#panic = reason;
  }

  /** The host's operation has ended. */
  returned(outcome: Outcome<unknown>): void {
    this.#outcome = outcome;
    if (!('error' in outcome)) return;
    const { call, errno, code, path, offset, actual } = outcome.error;
    this.#refusals.push({ call, errno, code, path, offset, actual: String(actual) });
  }

  /** The hypervisor has refused something. */
  denied({ step, errno, code, owner, offset = 0, actual, pageOwner }: Refusal): void {
    this.#refusals.push({
      call: step,
      errno,
      code,
      vmid: owner,
      page: `0x${offset.toString(16)}`,
      owner: pageOwner === undefined ? null : ownerName(pageOwner),
      actual: String(actual),
    });
  }

  /** The host's VM manager has reported a hazard. */
  found(name: string): void {
    this.#findings.push(name);
  }

  /**
   * A VM got a message. @returns undefined when it neither answers this step nor meets one of its expectations, else
   * the names by which later lines refer to it.
   */
  offer(record: CaptureRecord, keys: () => Line): readonly string[] | undefined {
    const answers = this.#answers(record);
    if (record.type === 'reply' && !answers) return undefined;
    const index = this.#waiting.findIndex(
      (expectation) =>
        expectation.to === record.to &&
        (answers ? expectation.keys.type === 'reply' : matchesPart(expectation.keys, keys())),
    );
    const expectation = this.#waiting[index];
    if (expectation !== undefined) {
      this.#waiting.splice(index, 1);
      if (!matchesPart(expectation.keys, keys()))
        this.#miss(describeExpectation(expectation), describeRecord(record));
    } else if (!answers) return undefined;
    return [expectation?.as, answers ? this.#step.as : undefined].filter((name) => name !== undefined);
  }

  #answers(record: CaptureRecord): boolean {
    const { type, to, seq, id } = record;
    const asked = this.#asked;
    return type === 'reply' && to === asked?.vmid && seq === asked.seq && id === asked.id;
  }

  /** Must be called when everything has settled. @returns what was not met. */
  close(): readonly Unmet[] {
    for (const expectation of this.#waiting) this.#miss(describeExpectation(expectation), 'nothing');
    const { action, out, panic, refused, result, findings, exit, seen, refusal } = this.#step;
    const outcome = this.#outcome;
    const returned = outcome !== undefined && 'value' in outcome;
    const value = returned ? outcome.value : undefined;
    if (seen !== undefined) this.#expectPart(seen, returned ? value : {});
    if (refusal !== undefined && !this.#refusals.some((one) => matchesPart(refusal, one)))
      this.#miss(`refused: ${JSON.stringify(refusal)}`, `refused: ${JSON.stringify(this.#refusals)}`);
    if (action.call !== undefined && result !== resultOf(outcome))
      this.#miss(`${action.call}: ${result}`, `${action.call}: ${describeOutcome(outcome)}`);
    // Only VCPU_RUN comes back with an exit.
    if (exit !== undefined && returned)
      this.#expectPart(exit, value === undefined ? {} : exitKeys(value as VcpuExit));
    if (findings.join() !== this.#findings.join())
      this.#miss(describeFindings(findings), describeFindings(this.#findings));
    if (!panicFits(panic, this.#panic)) this.#miss(describePanic(panic), describePanic(this.#panic));
    if (refused !== this.#refused) this.#miss(describeRefusal(refused), describeRefusal(this.#refused));
    // Messages that RM sends before it panics in the same step are not compared.
    if (out !== undefined && this.#panic === undefined) this.#compare(out);
    return this.#unmet;
  }

  #expectPart(expected: Line, actual: unknown): void {
    if (!matchesPart(expected, actual)) this.#miss(JSON.stringify(expected), JSON.stringify(actual));
  }

  #miss(expected: string, actual: string): void {
    this.#unmet.push({ expected, actual });
  }

  #compare(out: readonly Taken[]): void {
    const expected = out.map(({ to, frame }) => ({
      from: VMID_RM,
      to,
      frame: this.#masks.expected.apply(to, frame),
    }));
    const actual = this.#frames.map((item) => ({ from: VMID_RM, ...item }));
    const [bytes, otherBytes] = [describeBytes(expected), describeBytes(actual)];
    if (bytes === otherBytes) return;
    const [words, otherWords] = [describeMessages(expected), describeMessages(actual)];
    if (words === otherWords) this.#miss(bytes, otherBytes);
    else this.#miss(words, otherWords);
  }
}

/** Whether a panic is the expected one. A text that is no name of a panic place stands for any panic. */
function panicFits(expected: string | undefined, actual: PanicReason | undefined): boolean {
  if (expected === undefined || actual === undefined) return expected === actual;
  return !Object.hasOwn(panicPlaces, expected) || expected === actual;
}

function describePanic(reason: string | undefined): string {
  return reason === undefined ? 'no panic' : `panic ${reason}`;
}

function resultOf(outcome: Outcome<unknown> | undefined): string {
  if (outcome === undefined) return 'WAITS';
  return 'error' in outcome ? outcome.error.errno : 'OK';
}

function describeOutcome(outcome: Outcome<unknown> | undefined): string {
  const result = resultOf(outcome);
  return outcome !== undefined && 'error' in outcome ? `${result} (${outcome.error.message})` : result;
}

function describeFindings(names: readonly string[]): string {
  return names.length === 0 ? 'no findings' : `findings ${names.join(', ')}`;
}

function describeRefusal(refused: boolean): string {
  return refused ? 'the queue refuses the message' : 'the queue takes the message';
}

function describeExpectation({ to, keys }: Expectation): string {
  return `to ${to}: ${jsonText(keys)}`;
}
