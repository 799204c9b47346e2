import { constants, limits } from '../../../schemas/index.js';
import { defined } from '../../base/defined.js';
import { issueOf, UsageError, WireError } from '../../base/error.js';
import type { Json } from '../../capture/payload/index.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import {
  type ManagerProfile,
  managers,
  type PanicReason,
  type PlatformProfile,
  platforms,
} from '../../rm/index.js';
import { Checker, type Violation } from '../check/index.js';
import { MessageFeed, recordKeys } from '../describe.js';
import type { FaultCount, FaultRule } from '../faults.js';
import { type KernelEvent, Kernels } from '../kernels/kernels.js';
import { CapabilityMask } from '../mask.js';
import { type TapPacket, WorldTap } from '../tap.js';
import { World } from '../world.js';
import { readScenarioHeader, readScenarioStep, type ScenarioStep } from './format.js';
import { OpenStep, type Unmet } from './open-step.js';
import { isLine, type Line } from './read.js';
import { withValues } from './values.js';

const { VMID_RM } = constants;

/** First number of a scenario's messages from a VM in which a kernel runs: the kernel's own numbers begin at 0. */
const BESIDE_KERNEL_SEQ = 0x8000;

/** What happens while a scenario runs, in order. */
export interface PlayerSink {
  /** A queue message was put on a queue. */
  readonly packet?: (packet: TapPacket) => void;
  /** A message put on queues is complete. */
  readonly record?: (record: CaptureRecord) => void;
  readonly fault?: (rule: FaultRule, from: number, to: number, timeNs: number) => void;
  readonly panic?: (reason: PanicReason, timeNs: number) => void;
  readonly kernel?: (event: KernelEvent, timeNs: number) => void;
  /** A rule that must always hold does not. Only with `check`. */
  readonly violation?: (violation: Violation, timeNs: number) => void;
  /** A step has ended and everything has settled. */
  readonly step?: (result: StepResult) => void;
}

export interface StepResult {
  /** 1 for the line after the first one. */
  readonly step: number;
  readonly line: Line;
  /** Virtual time at its start in nanoseconds. */
  readonly timeNs: number;
  readonly unmet: readonly Unmet[];
  /** Messages that VMs got until the next step began. */
  readonly received: readonly CaptureRecord[];
}

export interface PlayerOptions {
  /** Contents of a file that the scenario loads. */
  readonly file: (name: string) => Uint8Array;
  /** Replaces what the scenario's first line says, like the next three. */
  readonly seed?: number;
  readonly platform?: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: boolean;
  /** Whether to check the rules of src/sim/check each time everything has settled. */
  readonly check?: boolean;
  readonly sink?: PlayerSink;
}

export interface PlayerResult {
  readonly steps: number;
  readonly unmet: number;
  /** Number of violations that no known fault of the public manager explains. */
  readonly broken: number;
  readonly faults: readonly FaultCount[];
  /** Virtual time at the end in nanoseconds. */
  readonly timeNs: number;
}

/**
 * Plays a scenario in a world (format: help.ts). Pure: lines in, the first one first; events go to the sink.
 * Throws WireError for a line that is no step.
 */
export function playScenario(lines: Iterable<unknown>, options: PlayerOptions): PlayerResult {
  const player = new ScenarioPlayer(options);
  for (const line of lines) {
    const playing = player.line(line);
    let played = playing.next();
    while (played.done !== true) played = playing.next();
    if (!played.value) break;
  }
  return player.end();
}

/** The same as {@link playScenario}, for lines that come one by one. */
export class ScenarioPlayer {
  readonly #options: PlayerOptions;
  #player: Player | undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /**
   * Plays the next line. A line that is to be played several times pauses behind each.
   *
   * @returns false when the scenario says that it ends here. @throws WireError for a line that is no step.
   */
  *line(line: unknown): Generator<void, boolean> {
    if (this.#player !== undefined) return yield* this.#player.step(line);
    this.#player = new Player(line, this.#options);
    return true;
  }

  /** Nothing follows. */
  end(): PlayerResult {
    this.#player ??= new Player(undefined, this.#options);
    return this.#player.end();
  }
}

class Player {
  readonly #world: World;
  readonly #kernels: Kernels;
  readonly #options: PlayerOptions;
  readonly #sink: PlayerSink;
  readonly #tap: WorldTap;
  readonly #checker: Checker | undefined;
  readonly #put: MessageFeed;
  /** Messages as VMs send and get them, changed by faults. */
  readonly #exchanged: MessageFeed;
  readonly #known = new Map<string, Json>();
  /** Next sequence number of each VM's requests. */
  readonly #seqs = new Map<number, number>();
  readonly #masks = { expected: new CapabilityMask(), actual: new CapabilityMask() };
  #open: OpenStep[] = [];
  #steps = 0;
  #unmet = 0;
  #broken = 0;
  #startNs = 0;

  constructor(first: unknown, options: PlayerOptions) {
    const header = readScenarioHeader(first);
    this.#options = options;
    this.#sink = options.sink ?? {};
    this.#put = new MessageFeed((record) => this.#sink.record?.(record));
    this.#exchanged = new MessageFeed((record) => this.#received(record));
    this.#checker = options.check === true ? new Checker(() => this.#world) : undefined;
    this.#tap = new WorldTap((packet) => this.#captured(packet));
    const manager = {
      platform: options.platform ?? platforms[header.platform],
      profile: options.manager ?? header.profile,
      careful: options.careful ?? header.careful,
      queueDepth: header.queueDepth,
      hlosOwnsIo: header.hlosOwnsIo,
      debugBuild: header.debugBuild,
    };
    const tapped = this.#tap.observer(() => this.#world);
    const checked = this.#checker?.observer;
    this.#world = new World(options.seed ?? header.seed, {
      manager,
      delays: header.delays,
      observer: {
        ...tapped,
        put: (...event) => {
          tapped.put?.(...event);
          checked?.put?.(...event);
        },
        operation: (operation) => {
          tapped.operation?.(operation);
          checked?.operation?.(operation);
        },
        hypercall: (...event) => checked?.hypercall?.(...event),
        memory: (...event) => checked?.memory?.(...event),
        denied: (refusal) => this.#open.at(-1)?.denied(refusal),
        received: (vmid, frame) => {
          this.#open.at(-1)?.took({ to: vmid, frame });
          this.#exchanged.add({ from: VMID_RM, to: vmid, frame });
          this.#kernels.received(vmid, frame);
        },
        refused: () => this.#open.at(-1)?.wasRefused(),
        fault: (rule, from, to) => {
          this.#tap.flush();
          this.#tap.note(`fault ${rule.kind} ${from}>${to}`);
          this.#sink.fault?.(rule, from, to, this.#world.now);
        },
        panic: (reason) => {
          tapped.panic?.(reason);
          this.#tap.flush();
          this.#open.at(-1)?.panicked(reason);
          this.#sink.panic?.(reason, this.#world.now);
        },
      },
    });
    this.#kernels = new Kernels(() => this.#world, {
      send: (vmid, frame) => this.#send(vmid, frame),
      event: (event) => this.#kernelEvent(event),
    });
    const { platform } = isLine(first) ? first : {};
    const name = manager.profile === managers.rm23 ? undefined : manager.profile.name;
    this.#tap.note(JSON.stringify(defined({ scenario: header.scenario, platform, manager: name })));
  }

  /** Plays one line. @returns false when the scenario says that it ends here. */
  *step(raw: unknown): Generator<void, boolean> {
    this.#steps++;
    const times = this.#play(raw);
    for (let time = 1; time < times; time++) {
      yield;
      this.#play(raw);
    }
    return !(isLine(raw) && raw.op === 'end');
  }

  /** @returns how often the line is to be played. */
  #play(raw: unknown): number {
    if (!waitsForNothing(raw)) this.#settle();
    const { line, step } = this.#read(raw);
    if (step.when.kind !== 'settled') {
      const start = step.when.kind === 'at' ? step.when.ns : this.#startNs + step.when.ns;
      this.#world.run(start);
    }
    this.#startNs = this.#world.now;
    const open = new OpenStep(this.#steps, line, step, this.#startNs, this.#masks);
    this.#open.push(open);
    this.#telling(() => this.#act(step, open, line));
    return step.times;
  }

  #read(raw: unknown): { readonly line: Line; readonly step: ScenarioStep } {
    return this.#telling(() => {
      const line = withValues(raw, this.#known) as Line;
      return { line, step: readScenarioStep(line, this.#options.file) };
    });
  }

  /** Runs an action and adds the step's number to errors of its line. */
  #telling<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const step = `step ${this.#steps}: `;
      if (error instanceof WireError) throw error.within(step);
      if (!(error instanceof UsageError)) throw error;
      throw new WireError({ ...issueOf(error), code: 'scenario' }, step);
    }
  }

  end(): PlayerResult {
    this.#settle();
    this.#tap.flush();
    this.#put.end();
    const { faults, now } = this.#world;
    return {
      steps: this.#steps,
      unmet: this.#unmet,
      broken: this.#broken,
      faults: faults.counts,
      timeNs: now,
    };
  }

  /** Runs the world until no event is left and closes all open steps. */
  #settle(): void {
    do this.#world.run();
    while (this.#kernels.giveUp());
    this.#tap.flush();
    for (const open of this.#open) {
      const unmet = open.close();
      this.#unmet += unmet.length;
      const { step, line, startNs: timeNs, received } = open;
      this.#sink.step?.({ step, line, timeNs, unmet, received });
    }
    this.#open = [];
    for (const violation of this.#checker?.settled() ?? []) {
      if (violation.fault === undefined) this.#broken++;
      this.#sink.violation?.(violation, this.#world.now);
    }
  }

  #act({ action }: ScenarioStep, open: OpenStep, line: Line): void {
    const kernels = this.#kernels;
    action.act({
      world: this.#world,
      kernels,
      perform: (operation) => {
        const { kind } = operation;
        if (kind === 'frame' || kind === 'enqueue') this.#exchanged.add({ ...operation, to: VMID_RM });
        this.#world.perform(operation);
        if (kind === 'reboot') kernels.reboot();
      },
      send: (from, frames) => {
        const sent = line.seq === undefined ? this.#numbered(from, frames) : frames;
        for (const frame of sent) this.#send(from, frame);
        open.asks(from, sent[0] as Uint8Array);
      },
      returned: (outcome) => open.returned(outcome),
      callHost: ({ vm, begin }) => {
        const { host } = kernels;
        begin(host, (outcome) => {
          open.returned(outcome);
          const known = vm === undefined ? undefined : host.describe(vm);
          if (vm !== undefined && known !== undefined) this.#known.set(vm, { ...known });
        });
      },
    });
  }

  #kernelEvent(event: KernelEvent): void {
    if (event.kind === 'hazard_report') this.#open.at(-1)?.found(event.report.hazard.name);
    this.#sink.kernel?.(event, this.#world.now);
  }

  /** The queue messages of a message with the VM's next sequence number. */
  #numbered(from: number, frames: readonly Uint8Array[]): readonly Uint8Array[] {
    const seq = this.#seqs.get(from) ?? (this.#kernels.has(from) ? BESIDE_KERNEL_SEQ : 0);
    this.#seqs.set(from, (seq + 1) & 0xffff);
    return frames.map((frame) => withSeq(frame, seq));
  }

  #send(from: number, frame: Uint8Array): void {
    this.#exchanged.add({ from, to: VMID_RM, frame });
    this.#world.send(from, frame);
  }

  #captured(packet: TapPacket): void {
    this.#sink.packet?.(packet);
    if (this.#sink.record !== undefined) this.#put.add(packet, packet.time, packet.comment);
  }

  #received(record: CaptureRecord): void {
    if (record.from !== VMID_RM) return;
    let keys: Line | undefined;
    // Only few messages need their keys, and computing them is most of the cost of a step.
    const keysOnce = () => {
      keys ??= recordKeys(record);
      return keys;
    };
    this.#open.at(-1)?.received.push(record);
    for (const open of this.#open) {
      const names = open.offer(record, keysOnce);
      if (names === undefined) continue;
      for (const name of names) this.#known.set(name, (keysOnce().payload ?? {}) as Json);
      return;
    }
  }
}

/** Whether a step begins at a time instead of after everything has settled. */
function waitsForNothing(line: unknown): boolean {
  return isLine(line) && (line.at !== undefined || line.after !== undefined);
}

function withSeq(frame: Uint8Array, seq: number): Uint8Array {
  if (frame.byteLength < limits.header) return frame;
  const copy = frame.slice();
  new DataView(copy.buffer).setUint16(2, seq, true);
  return copy;
}
