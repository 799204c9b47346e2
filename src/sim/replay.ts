import { limits, VM_GET_HYP_RESOURCES, VM_IRQ_LEND } from '../../schemas/index.js';
import { type PanicReason, type PlatformProfile, platforms, ResourceManager, VmState } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
import { LateReceivers, sameFrames } from './late.js';
import { CapabilityMask } from './mask.js';
import { type RecordedFrame, type RecordedStep, readHeader, readStep } from './recording.js';
import { Taker } from './taker.js';

export interface ReplayOptions {
  readonly platform?: PlatformProfile;
  readonly careful?: boolean;
  /** Contents of a file that the scenario loads, by name; undefined when there is none. */
  readonly file: (name: string) => Uint8Array | undefined;
}

/** One step of a recording beside what the simulated manager did with it. */
export interface Comparison {
  /** Line of the recording, 1 for the first step. */
  readonly step: number;
  readonly recorded: RecordedStep;
  /** What was taken off queues, in order, capability ids blanked. */
  readonly actual: readonly RecordedFrame[];
  readonly panic: PanicReason | undefined;
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly equal: boolean;
}

/**
 * Drives a manager with the recorded VM side of a scenario and compares everything it puts on queues. Pure: lines
 * in (the first one first), comparisons out. Capability ids are blanked on both sides; a panic compares as panic
 * or no panic.
 *
 * @throws WireError when a line is not part of a recording.
 */
export function* replay(lines: Iterable<unknown>, options: ReplayOptions): Generator<Comparison> {
  let run: Run | undefined;
  let step = 0;
  for (const line of lines) {
    if (run === undefined) {
      run = new Run(line, options);
      continue;
    }
    step++;
    const recorded = readStep(line);
    yield run.compare(step, recorded);
    if (recorded.kind === 'end') return;
  }
}

/** Run states of a vCPU that a machine does not report as a halt, as VCPU_RUN_RESULT encodes them. */
const READY = 1;
const BLOCKED = 4;

/** Lines after which the machine had not run yet. */
const queued: ReadonlySet<RecordedStep['kind']> = new Set(['enqueue', 'remark', 'vcpu_run_result']);

class Run {
  readonly #manager: ResourceManager;
  readonly #options: ReplayOptions;
  #taker: Taker;
  #actualMask = new CapabilityMask();
  #recordedMask = new CapabilityMask();
  #late = new LateReceivers();

  constructor(header: unknown, options: ReplayOptions) {
    const { queueDepth, hlosOwnsIo, debugBuild } = readHeader(header);
    this.#options = options;
    this.#taker = this.#newTaker();
    this.#manager = new ResourceManager({
      platform: options.platform ?? platforms.native,
      careful: options.careful ?? false,
      queueDepth,
      hlosOwnsIo,
      debugBuild,
      onSent: (vmid) => this.#taker.sent(this.#manager.link(vmid), vmid),
    });
  }

  #newTaker(): Taker {
    const { realVms } = this.#options.platform ?? platforms.native;
    return realVms ? new Taker((vmid) => this.#manager.vm(vmid)?.state === VmState.RUNNING) : new Taker();
  }

  /** Where the base of IRQ handles is random, the recorded one is known from the first interrupt lent. */
  #learnHandleBase(step: RecordedStep): void {
    if (!this.#manager.platform.irqHandleBaseRandom || step.kind !== 'frame') return;
    const base = lendHandleBase(step);
    if (base !== undefined) this.#manager.irqHandleBase = base;
  }

  compare(step: number, recorded: RecordedStep): Comparison {
    this.#learnHandleBase(recorded);
    const expected = recorded.out.map(({ to, frame }) => ({
      to,
      frame: this.#recordedMask.apply(to, frame),
    }));
    for (const vmid of this.#lostTargets(recorded)) {
      const attempt = this.#perform(step, withTarget(recorded, vmid), expected);
      if (attempt.equal) return attempt;
    }
    return this.#perform(step, recorded, expected);
  }

  #perform(step: number, recorded: RecordedStep, expected: readonly RecordedFrame[]): Comparison {
    const before = this.#manager.panicked;
    const refused = this.#act(recorded);
    const taken = queued.has(recorded.kind) ? [] : this.#taker.settle(this.#manager);
    const panic = before === undefined ? this.#manager.panicked : undefined;
    const actual = taken.map(({ to, frame }) => ({ to, frame: this.#actualMask.apply(to, frame) }));
    const samePanic = (panic !== undefined) === (recorded.panic !== undefined);
    const sameOut = panic !== undefined || this.#sameOut(actual, expected);
    const equal = samePanic && sameOut && refused === (recorded.refused !== undefined);
    return { step, recorded: { ...recorded, out: expected }, actual, panic, refused, equal };
  }

  #sameOut(actual: readonly RecordedFrame[], expected: readonly RecordedFrame[]): boolean {
    return this.#manager.platform.realVms ? this.#late.same(actual, expected) : sameFrames(actual, expected);
  }

  /**
   * The driver asks for a VM's resources before it runs it, and recordings of that have lost the VMID (it reads 0).
   * Asking changes nothing, so the replay finds out whom the recorded answer is about.
   */
  #lostTargets(step: RecordedStep): readonly number[] {
    if (!step.driver || step.kind !== 'frame') return [];
    const { id, words } = wordsOf(step.frame);
    if (id !== VM_GET_HYP_RESOURCES.id || words[0] !== 0) return [];
    return [...this.#manager.vms()].map(({ vmid }) => vmid);
  }

  /** On a real machine only what executes halts, and some run states cannot be brought about. */
  #canHalt(vmid: number, state: number): boolean {
    if (!this.#manager.platform.realVms) return true;
    return this.#manager.vm(vmid)?.state === VmState.RUNNING && state !== READY && state !== BLOCKED;
  }

  /** @returns whether the message could not be put on its queue. */
  #act(step: RecordedStep): boolean {
    const manager = this.#manager;
    switch (step.kind) {
      case 'frame':
      case 'enqueue': {
        const queue = manager.link(step.from)?.toManager;
        return queue === undefined || queue.send(step.frame).error !== QueueError.OK;
      }
      case 'load': {
        const bytes = this.#options.file(step.file);
        if (bytes !== undefined) manager.hypervisor.writeMemory(Number(step.address), bytes);
        return false;
      }
      case 'reboot':
        manager.reboot();
        this.#taker = this.#newTaker();
        this.#late.clear();
        return false;
      case 'receive_limit':
        this.#late.loosenNumbers();
        this.#taker.limit(step.vmid, step.count);
        return false;
      case 'drain':
        this.#taker.unlimit();
        return false;
      case 'vcpu_halt':
        if (this.#canHalt(step.vmid, step.state)) manager.vcpuHalt(step.vmid, step.state, step.data);
        return false;
      default:
        return false;
    }
  }
}

/** Handle of a VM_IRQ_LEND reply less the interrupt number of its request. */
function lendHandleBase(step: RecordedStep & { readonly kind: 'frame' | 'enqueue' }): number | undefined {
  const request = wordsOf(step.frame);
  if (request.id !== VM_IRQ_LEND.id || request.words.length !== 3) return undefined;
  for (const { to, frame } of step.out) {
    const reply = wordsOf(frame);
    if (to === step.from && reply.id === VM_IRQ_LEND.id && reply.words[0] === 0)
      return ((reply.words[1] ?? 0) - (request.words[1] ?? 0)) >>> 0;
  }
  return undefined;
}

function wordsOf(frame: Uint8Array): { readonly id: number; readonly words: readonly number[] } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = frame.byteLength >>> 2;
  const words = Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
  return { id: words[1] ?? 0, words: words.slice(2) };
}

/** A request about a VM with that VM named. */
function withTarget(step: RecordedStep, vmid: number): RecordedStep {
  if (step.kind !== 'frame') return step;
  const frame = step.frame.slice();
  new DataView(frame.buffer).setUint16(limits.header, vmid, true);
  return { ...step, frame };
}
