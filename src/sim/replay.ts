import { constants, limits } from '../../schemas/index.js';
import { type FileContents, Machine, perform, type Taken, type VcpuHalt, VmPort } from '../machine/index.js';
import {
  type ManagerProfile,
  type PanicReason,
  type PlatformProfile,
  platforms,
  type ResourceManager,
} from '../rm/index.js';
import { lendHandleBase } from './handle-base.js';
import { CapabilityMask } from './mask.js';
import { asTaken, faulted, lostTargets, machineStopped, wasSent } from './real-machine.js';
import { RealReceivers, sameFrames } from './receivers.js';
import { type RecordedStep, readHeader, readStep } from './recording.js';

export interface ReplayOptions {
  readonly platform?: PlatformProfile;
  /** Instead of the one that the first line names. */
  readonly manager?: ManagerProfile | undefined;
  readonly careful?: boolean;
  readonly file: FileContents;
  /**
   * For those who follow traffic instead of comparing it: where the manager would die it goes on as a careful one, and the
   * step says where it would have died. The base of IRQ handles is learnt on each platform.
   */
  readonly follow?: ReplayFollower;
}

/** Looks at a manager that follows a recording. */
export interface ReplayFollower {
  /** The manager, before the first step. */
  begin(manager: ResourceManager): void;
  /** Before each step. */
  before(step: RecordedStep): void;
  /** A notification or a reply to a VM was dropped, since too many wait for that VM. */
  dropped(vmid: number, id: number): void;
}

/** One step of a recording beside what the simulated manager did with it. */
export interface Comparison<Death extends string = string> {
  /** Line of the recording, 1 for the first step. */
  readonly step: number;
  readonly recorded: RecordedStep;
  /** What was taken off queues, in order, capability ids blanked. */
  readonly actual: readonly Taken[];
  /** Where the manager has died, for people. */
  readonly panic: Death | undefined;
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly equal: boolean;
}

/**
 * Drives a manager with the recorded VM side of a scenario and compares every message that it puts on queues. Pure:
 * lines in (the first one first), comparisons out. Capability ids are set to zero on both sides. Of a panic only its
 * presence is compared, not its place.
 *
 * @throws WireError when a line is not part of a recording.
 */
export function* replay(
  lines: Iterable<unknown>,
  options: ReplayOptions,
): Generator<Comparison<PanicReason>> {
  const run = new LineReplay(options);
  for (const line of lines) {
    const comparison = run.line(line);
    if (comparison !== undefined) yield comparison;
  }
  const last = run.end();
  if (last !== undefined) yield last;
}

/** The same as {@link replay}, for lines that come one by one: what follows a step is part of what it means. */
export class LineReplay {
  readonly #options: ReplayOptions;
  #replay: Replay | undefined;
  /** The step of the last line. */
  #held: RecordedStep | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Takes the next line. @returns the comparison of the step before. @throws WireError */
  line(line: unknown): Comparison<PanicReason> | undefined {
    if (this.#replay === undefined) {
      this.#replay = new Replay(line, this.#options);
      return undefined;
    }
    const next = readStep(line, this.#options.file);
    const held = this.#held;
    this.#held = next;
    if (held === undefined) return undefined;
    const isReal = this.#options.platform?.realVms === true;
    return this.#replay.step(isReal ? asTaken(held, next) : held, false);
  }

  /** Nothing follows. @returns the comparison of the last step. */
  end(): Comparison<PanicReason> | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held && this.#replay?.step(held, true);
  }
}

/** Whether RM has not run yet after a step. */
function isQueued({ kind }: RecordedStep): boolean {
  return kind === 'enqueue' || kind === 'remark' || kind === 'vcpu_run_result';
}

/** The same as {@link replay}, for steps as the machine took them, one by one. */
export class Replay {
  #step = 0;
  #ended = false;
  readonly #machine: Machine<VmPort>;
  readonly #manager: ResourceManager;
  /** Its platform is one where VMs are real. */
  readonly #real: boolean;
  #actualMask = new CapabilityMask();
  #recordedMask = new CapabilityMask();
  readonly #receivers = new RealReceivers();
  /** A vCPU that has faulted. The manager is told after it has handled what waits. */
  #fault: VcpuHalt | undefined;
  /** The simulated manager died at a step without a recorded panic. The recording must end with a stopped machine. */
  #stopped = false;
  /** Where the manager would have died during this step. */
  #survived: PanicReason | undefined;
  readonly #follow: ReplayFollower | undefined;

  /** @param header the first line. @throws WireError when it is not one. */
  constructor(header: unknown, options: Omit<ReplayOptions, 'file'>) {
    const { follow } = options;
    this.#follow = follow;
    const { queueDepth, hlosOwnsIo, debugBuild, profile } = readHeader(header);
    this.#machine = new Machine({
      manager: {
        platform: options.platform ?? platforms.native,
        profile: options.manager ?? profile,
        careful: options.careful ?? false,
        queueDepth,
        hlosOwnsIo,
        debugBuild,
        ...(follow && {
          onSurvived: (reason) => {
            this.#survived ??= reason;
          },
          onDropped: (vmid, id) => follow.dropped(vmid, id),
        }),
      },
      newPort: (vmid) => new VmPort(vmid),
      onSent: (_, frame) => this.#receivers.sent(frame),
    });
    this.#manager = this.#machine.manager;
    this.#real = this.#manager.platform.realVms;
    follow?.begin(this.#manager);
  }

  /** On a platform with a random base of IRQ handles, the first interrupt lent tells the recorded base. */
  #learnHandleBase(step: RecordedStep): void {
    const { irqHandleBaseRandom } = this.#manager.platform;
    if ((!irqHandleBaseRandom && this.#follow === undefined) || step.kind !== 'frame') return;
    const base = lendHandleBase(step.from, step.frame, step.out);
    if (base !== undefined) this.#manager.irqHandleBase = base;
  }

  /**
   * @param last nothing follows in the recording.
   * @returns undefined for a step without meaning: one after an `end`, until the machine boots again.
   */
  step(recorded: RecordedStep, last: boolean): Comparison<PanicReason> | undefined {
    const { kind } = recorded;
    const step = ++this.#step;
    const isSkipped = this.#ended && kind !== 'reboot';
    this.#ended = kind === 'end' || isSkipped;
    if (isSkipped) return undefined;
    // A reboot ends the boot before it. An `end` and the last step end their own boot.
    const before = kind !== 'reboot' || this.#endBoot(false);
    const comparison = this.#compare(step, recorded);
    const after =
      kind === 'end' ? this.#endBoot(machineStopped(recorded.why)) : !last || this.#endBoot(false);
    return before && after ? comparison : { ...comparison, equal: false };
  }

  #compare(step: number, recorded: RecordedStep): Comparison<PanicReason> {
    this.#learnHandleBase(recorded);
    const expected = this.#recordedMask.applyAll(recorded.out);
    for (const vmid of this.#real ? lostTargets(this.#machine, recorded) : []) {
      const attempt = this.#perform(step, withTarget(recorded, vmid), expected);
      if (attempt.equal) return attempt;
    }
    return this.#perform(step, recorded, expected);
  }

  /**
   * Whether a boot ended as recorded: every VM has taken what it could, and the simulated manager has died without a
   * recorded panic exactly when the recording says that the machine stopped.
   */
  #endBoot(machineStopped: boolean): boolean {
    if (!this.#real) return true;
    const stopped = this.#stopped;
    this.#stopped = false;
    return stopped === machineStopped && (this.#manager.panicked !== undefined || this.#allTaken());
  }

  /** Whether every VM has taken what it could. VMs that have ended, or that the recording calls dead, do not count. */
  #allTaken(): boolean {
    for (const vmid of this.#machine.vms.waitedFor()) {
      if (vmid === constants.VMID_HLOS || this.#receivers.isDead(vmid)) continue;
      if (this.#machine.executes(vmid)) return false;
    }
    return true;
  }

  #perform(step: number, recorded: RecordedStep, expected: readonly Taken[]): Comparison<PanicReason> {
    const before = this.#manager.panicked;
    this.#survived = undefined;
    this.#follow?.before(recorded);
    const refused = this.#act(recorded);
    const taken = isQueued(recorded) ? [] : this.#settle(recorded.out);
    const panic = before === undefined ? (this.#manager.panicked ?? this.#survived) : undefined;
    const actual = this.#actualMask.applyAll(taken);
    const sameEnd = this.#sameEnd(recorded, panic);
    // When both managers died at this step, what they sent before is not compared.
    const sameOut = (panic !== undefined && recorded.panic !== undefined) || this.#sameOut(actual, expected);
    // Nothing is put on the queues of a machine that has stopped.
    const sameRefusal = this.#stopped || refused === (recorded.refused !== undefined);
    const equal = sameEnd && sameOut && sameRefusal;
    const compared = expected === recorded.out ? recorded : { ...recorded, out: expected };
    return { step, recorded: compared, actual, panic, refused, equal };
  }

  /** @param out what VMs took on the recorded machine. */
  #settle(out: readonly Taken[]): readonly Taken[] {
    const shares = this.#real ? sharesOf(out) : undefined;
    const taken = this.#machine.settle(shares);
    const fault = this.#fault;
    if (fault === undefined) return taken;
    this.#fault = undefined;
    this.#machine.halt(fault);
    return [...taken, ...this.#machine.settle(shares)];
  }

  /**
   * Whether the simulated manager dies where the recorded one does. Some panics stop the whole real machine. Their
   * recordings have no panic: there are no more replies, and the `end` says that the machine stopped.
   */
  #sameEnd(recorded: RecordedStep, panic: PanicReason | undefined): boolean {
    if (!this.#real || recorded.panic !== undefined)
      return (panic !== undefined) === (recorded.panic !== undefined);
    if (panic !== undefined) this.#stopped = true;
    return true;
  }

  #sameOut(actual: readonly Taken[], expected: readonly Taken[]): boolean {
    return this.#real ? this.#receivers.same(actual, expected) : sameFrames(actual, expected);
  }

  /** @returns whether the message could not be put on its queue. */
  #act(step: RecordedStep): boolean {
    const machine = this.#machine;
    switch (step.kind) {
      case 'vcpu_run_result':
        if (this.#real && faulted(machine, step.vmid, step.state)) this.#fault = step;
        return false;
      case 'remark':
        if (step.dead !== undefined) this.#receivers.declareDead(step.dead);
        if (this.#real && step.attempt !== undefined && wasSent(machine, step.attempt))
          machine.put(step.attempt.from, step.attempt.frame);
        return false;
      case 'end':
        return false;
      case 'reboot':
        this.#fault = undefined;
        this.#receivers.clear();
    }
    return perform(machine, step);
  }
}

/**
 * How many messages each VM takes during a step, where VMs are real. A real VM takes messages whenever it is scheduled,
 * which only the recording tells. The primary VM always takes all of its messages.
 */
function sharesOf(out: readonly Taken[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (const { to } of out) shares.set(to, (shares.get(to) ?? 0) + 1);
  return shares.set(constants.VMID_HLOS, Number.POSITIVE_INFINITY);
}

/** A request about a VM with that VM named. */
function withTarget(step: RecordedStep, vmid: number): RecordedStep {
  if (step.kind !== 'frame') return step;
  const frame = step.frame.slice();
  new DataView(frame.buffer).setUint16(limits.header, vmid, true);
  return { ...step, frame };
}
