import { type PanicReason, type PlatformProfile, platforms, ResourceManager } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
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

class Run {
  readonly #manager: ResourceManager;
  readonly #options: ReplayOptions;
  #taker = new Taker();
  #actualMask = new CapabilityMask();
  #recordedMask = new CapabilityMask();

  constructor(header: unknown, options: ReplayOptions) {
    const { queueDepth, hlosOwnsIo, debugBuild } = readHeader(header);
    this.#options = options;
    this.#manager = new ResourceManager({
      platform: options.platform ?? platforms.native,
      careful: options.careful ?? false,
      queueDepth,
      hlosOwnsIo,
      debugBuild,
      onSent: (vmid) => this.#taker.sent(this.#manager.link(vmid), vmid),
    });
  }

  compare(step: number, recorded: RecordedStep): Comparison {
    const before = this.#manager.panicked;
    const refused = this.#act(recorded);
    const taken = recorded.kind === 'enqueue' ? [] : this.#taker.settle(this.#manager);
    const panic = before === undefined ? this.#manager.panicked : undefined;
    const actual = taken.map(({ to, frame }) => ({ to, frame: this.#actualMask.apply(to, frame) }));
    const expected = recorded.out.map(({ to, frame }) => ({
      to,
      frame: this.#recordedMask.apply(to, frame),
    }));
    const samePanic = (panic !== undefined) === (recorded.panic !== undefined);
    const sameOut = panic !== undefined || sameFrames(actual, expected);
    const equal = samePanic && sameOut && refused === (recorded.refused !== undefined);
    return { step, recorded: { ...recorded, out: expected }, actual, panic, refused, equal };
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
        this.#taker = new Taker();
        return false;
      case 'receive_limit':
        this.#taker.limit(step.vmid, step.count);
        return false;
      case 'drain':
        this.#taker.unlimit();
        return false;
      case 'vcpu_halt':
        manager.vcpuHalt(step.vmid, step.state, step.data);
        return false;
      default:
        return false;
    }
  }
}

function sameFrames(left: readonly RecordedFrame[], right: readonly RecordedFrame[]): boolean {
  return (
    left.length === right.length &&
    left.every((item, index) => {
      const other = right[index];
      return (
        other !== undefined &&
        item.to === other.to &&
        item.frame.byteLength === other.frame.byteLength &&
        item.frame.every((byte, at) => byte === other.frame[at])
      );
    })
  );
}
