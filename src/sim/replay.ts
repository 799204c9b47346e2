import { constants, limits } from '../../schemas/index.js';
import { type PanicReason, type PlatformProfile, platforms, ResourceManager } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
import { lendHandleBase } from './handle-base.js';
import { CapabilityMask } from './mask.js';
import {
  asTaken,
  canHalt,
  executes,
  faulted,
  isLoadable,
  lostTargets,
  machineStopped,
  wasSent,
} from './real-machine.js';
import { RealReceivers, sameFrames } from './receivers.js';
import { type RecordedFrame, type RecordedStep, readHeader, readStep, type VcpuHalt } from './recording.js';
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
  const iterator = lines[Symbol.iterator]();
  const header = iterator.next();
  if (header.done === true) return;
  const run = new Run(header.value, options);
  const recorded = readSteps({ [Symbol.iterator]: () => iterator });
  const steps = options.platform?.realVms === true ? asTaken(recorded) : recorded;
  let ended = false;
  let step = 0;
  for (let next = steps.next(); next.done !== true; ) {
    const taken = next.value;
    next = steps.next();
    step++;
    // Behind an end the recording means something again with a machine that starts afresh.
    if (!ended || taken.kind === 'reboot') yield run.compare(step, taken, next.done === true);
    ended = taken.kind === 'end' || (ended && taken.kind !== 'reboot');
  }
}

function* readSteps(lines: Iterable<unknown>): Generator<RecordedStep> {
  for (const line of lines) yield readStep(line);
}

/** Lines after which the machine had not run yet. */
const queued: ReadonlySet<RecordedStep['kind']> = new Set(['enqueue', 'remark', 'vcpu_run_result']);

class Run {
  readonly #manager: ResourceManager;
  readonly #options: ReplayOptions;
  #taker = new Taker();
  #actualMask = new CapabilityMask();
  #recordedMask = new CapabilityMask();
  readonly #receivers = new RealReceivers();
  /** VMs that have sent something since the boot. */
  readonly #sent = new Set<number>();
  /** A vCPU that has faulted; the manager hears of it once it has handled what waits. */
  #fault: VcpuHalt | undefined;
  /** The simulated manager died and the recording does not say so: it must end with the machine. */
  #stopped = false;

  constructor(header: unknown, options: ReplayOptions) {
    const { queueDepth, hlosOwnsIo, debugBuild } = readHeader(header);
    this.#options = options;
    this.#manager = new ResourceManager({
      platform: options.platform ?? platforms.native,
      careful: options.careful ?? false,
      queueDepth,
      hlosOwnsIo,
      debugBuild,
      onSent: (vmid, frame) => {
        this.#taker.sent(this.#manager.link(vmid), vmid);
        this.#receivers.sent(frame);
      },
    });
  }

  /** Where the base of IRQ handles is random, the recorded one is known from the first interrupt lent. */
  #learnHandleBase(step: RecordedStep): void {
    if (!this.#manager.platform.irqHandleBaseRandom || step.kind !== 'frame') return;
    const base = lendHandleBase(step.from, step.frame, step.out);
    if (base !== undefined) this.#manager.irqHandleBase = base;
  }

  /** @param last nothing follows in the recording. */
  compare(step: number, recorded: RecordedStep, last: boolean): Comparison {
    const { kind } = recorded;
    // A reboot ends the boot before it; an end, and the last step, the one that they belong to.
    const before = kind !== 'reboot' || this.#endBoot(false);
    const comparison = this.#compare(step, recorded);
    const after =
      kind === 'end' ? this.#endBoot(machineStopped(recorded.why)) : !last || this.#endBoot(false);
    return before && after ? comparison : { ...comparison, equal: false };
  }

  #compare(step: number, recorded: RecordedStep): Comparison {
    this.#learnHandleBase(recorded);
    const expected = recorded.out.map(({ to, frame }) => ({
      to,
      frame: this.#recordedMask.apply(to, frame),
    }));
    for (const vmid of this.#real ? lostTargets(this.#manager, recorded) : []) {
      const attempt = this.#perform(step, withTarget(recorded, vmid), expected);
      if (attempt.equal) return attempt;
    }
    return this.#perform(step, recorded, expected);
  }

  /**
   * Whether a boot ended alike: every VM took what it could, and the simulated manager died unannounced just if the
   * recording says that the machine stopped.
   */
  #endBoot(machineStopped: boolean): boolean {
    if (!this.#real) return true;
    const stopped = this.#stopped;
    this.#stopped = false;
    return stopped === machineStopped && (this.#manager.panicked !== undefined || this.#allTaken());
  }

  /** Whether every VM has taken what it could, but those that have ended or that the recording found dead. */
  #allTaken(): boolean {
    for (const vmid of this.#taker.waitedFor(this.#manager)) {
      if (vmid === constants.VMID_HLOS || this.#receivers.isDead(vmid)) continue;
      if (executes(this.#manager, vmid)) return false;
    }
    return true;
  }

  get #real(): boolean {
    return this.#manager.platform.realVms;
  }

  #perform(step: number, recorded: RecordedStep, expected: readonly RecordedFrame[]): Comparison {
    const before = this.#manager.panicked;
    if (this.#real) this.#taker.share(recorded.out);
    const refused = this.#act(recorded);
    const taken = queued.has(recorded.kind) ? [] : this.#settle();
    const panic = before === undefined ? this.#manager.panicked : undefined;
    const actual = taken.map(({ to, frame }) => ({ to, frame: this.#actualMask.apply(to, frame) }));
    const sameEnd = this.#sameEnd(recorded, panic);
    // What was on its way when the manager died is compared only where the recording does not know of a death.
    const sameOut = (panic !== undefined && recorded.panic !== undefined) || this.#sameOut(actual, expected);
    // Nobody was there to put messages on the queues of a machine that had stopped.
    const sameRefusal = this.#stopped || refused === (recorded.refused !== undefined);
    const equal = sameEnd && sameOut && sameRefusal;
    return { step, recorded: { ...recorded, out: expected }, actual, panic, refused, equal };
  }

  #settle(): RecordedFrame[] {
    const taken = this.#taker.settle(this.#manager);
    const fault = this.#fault;
    if (fault === undefined) return taken;
    this.#fault = undefined;
    this.#manager.vcpuHalt(fault.vmid, fault.state, fault.data);
    return [...taken, ...this.#taker.settle(this.#manager)];
  }

  /**
   * Whether the simulated manager dies where the recorded one does. Some deaths take the whole machine with them:
   * their recordings just have no answer any more and say at their end that it stopped.
   */
  #sameEnd(recorded: RecordedStep, panic: PanicReason | undefined): boolean {
    if (!this.#real || recorded.panic !== undefined)
      return (panic !== undefined) === (recorded.panic !== undefined);
    if (panic !== undefined) this.#stopped = true;
    return true;
  }

  #sameOut(actual: readonly RecordedFrame[], expected: readonly RecordedFrame[]): boolean {
    return this.#real ? this.#receivers.same(actual, expected) : sameFrames(actual, expected);
  }

  /** @returns whether the message could not be put on its queue. */
  #act(step: RecordedStep): boolean {
    const manager = this.#manager;
    switch (step.kind) {
      case 'frame':
      case 'enqueue': {
        this.#sent.add(step.from);
        const queue = manager.link(step.from)?.toManager;
        return queue === undefined || queue.send(step.frame).error !== QueueError.OK;
      }
      case 'load': {
        const { contents } = step;
        const bytes = typeof contents === 'string' ? this.#options.file(contents) : contents;
        const address = Number(step.address);
        if (
          bytes !== undefined &&
          (!this.#real || isLoadable(manager, this.#sent, address, bytes.byteLength))
        )
          manager.hypervisor.writeMemory(address, bytes);
        return false;
      }
      case 'reboot':
        manager.reboot();
        this.#fault = undefined;
        this.#sent.clear();
        this.#taker = new Taker();
        this.#receivers.clear();
        return false;
      case 'receive_limit':
        this.#taker.limit(step.vmid, step.count);
        return false;
      case 'drain':
        this.#taker.unlimit();
        return false;
      case 'vcpu_halt':
        if (!this.#real || canHalt(manager, step.vmid, step.state))
          manager.vcpuHalt(step.vmid, step.state, step.data);
        return false;
      case 'vcpu_run_result':
        if (this.#real && faulted(manager, step.vmid, step.state)) this.#fault = step;
        return false;
      case 'remark':
        if (step.dead !== undefined) this.#receivers.declareDead(step.dead);
        if (this.#real && step.attempt !== undefined && wasSent(manager, step.attempt))
          manager.link(step.attempt.from)?.toManager.send(step.attempt.frame);
        return false;
      default:
        return false;
    }
  }
}

/** A request about a VM with that VM named. */
function withTarget(step: RecordedStep, vmid: number): RecordedStep {
  if (step.kind !== 'frame') return step;
  const frame = step.frame.slice();
  new DataView(frame.buffer).setUint16(limits.header, vmid, true);
  return { ...step, frame };
}
