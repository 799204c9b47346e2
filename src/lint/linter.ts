import { isLine } from '../base/line-readers.js';
import type { Packet } from '../capture/packets/index.js';
import type { PanicReason } from '../rm/index.js';
import {
  type Comparison,
  LineReplay,
  type RecordedStep,
  Replay,
  readHeader,
  readStep,
} from '../sim/index.js';
import { type About, ClientWatches } from './client-watches.js';
import type { Where } from './evidence.js';
import type { Place } from './finding.js';
import { KnownMessages } from './known-messages.js';
import { MessagesSeen } from './messages-seen.js';
import { ModelWatch } from './model-watch.js';
import { asksForModel, type LinterOptions, type ModelElsewhere } from './options.js';
import type { Rule } from './rule.js';

/** A model that nobody asks for. */
const silent: ModelElsewhere = { next: () => {} };

/**
 * Finds in traffic what will hurt the public manager or its clients. The VMs' side goes through the manager's model, as
 * `replay` does it, RM's side through the models of the clients.
 */
export class Linter {
  readonly #options: LinterOptions;
  readonly #elsewhere: ModelElsewhere | undefined;
  readonly #model: ModelWatch;
  #scenario: string | undefined;
  readonly #known = new KnownMessages();
  readonly #clients: ClientWatches;
  readonly #messages: MessagesSeen;
  /** Of a capture, whose steps are taken at once. */
  #replay: Replay | undefined;
  /** The first line has come, of a capture whose model runs elsewhere. */
  #hasBegun = false;
  /** Of a recording: what follows a step is part of what it means. */
  #recording: LineReplay | undefined;

  constructor(options: LinterOptions) {
    this.#options = options;
    const { peers, isCapture, isModelOnly = false } = options;
    this.#elsewhere = options.model ?? (isCapture && !asksForModel(options) ? silent : undefined);
    const find = (rule: Rule, about: About, where?: Where, text?: string) =>
      this.#find(rule, about, where, text);
    const known = this.#known;
    const clients = new ClientWatches({ peers: isModelOnly ? new Set() : peers, isCapture, find });
    this.#clients = clients;
    this.#messages = new MessagesSeen({ isCapture, clients, known, find: isModelOnly ? undefined : find });
    this.#model = new ModelWatch({
      isCapture,
      knowsMemory: options.knowsMemory ?? !isCapture,
      find,
      note: options.note,
      placeOf: (step) => (isCapture ? this.#messages.place : this.#placeOf(step)),
      nextPlace: () => this.#messages.nextPlace,
      isDead: () => clients.isDead,
    });
  }

  /** Takes the next packet of a capture, before its line comes. @param frame its bytes, which nobody changes. */
  packet(packet: Packet, from: number, to: number, frame: Uint8Array): void {
    this.#messages.packet(packet, from, to, frame);
  }

  #placeOf(step: number): Place {
    return this.#scenario === undefined ? { step } : { scenario: this.#scenario, step };
  }

  /** Takes the next line, the first one first. @throws WireError when it is not part of a recording. */
  line(line: unknown): void {
    const { isCapture, file } = this.#options;
    if (this.#elsewhere !== undefined) {
      this.#lineElsewhere(line, this.#elsewhere);
      return;
    }
    if (isCapture) {
      if (this.#replay === undefined) this.#replay = new Replay(line, this.#replayOptions);
      else this.step(readStep(line, file));
      return;
    }
    if (this.#recording === undefined) {
      if (this.#options.isFirst === false && isLine(line) && typeof line.scenario === 'string')
        this.#scenario = line.scenario;
      this.#recording = new LineReplay({ ...this.#replayOptions, file });
    }
    this.#compared(this.#recording.line(line));
  }

  /** Refuses what the model refuses. */
  #lineElsewhere(line: unknown, model: ModelElsewhere): void {
    if (!this.#hasBegun) {
      readHeader(line);
      this.#hasBegun = true;
      model.next();
      return;
    }
    this.step(readStep(line, this.#options.file));
  }

  /** Takes the next step of a capture, in place of a line: the first line came before. */
  step(step: RecordedStep): void {
    if (this.#elsewhere === undefined) this.#compared(this.#replay?.step(step, false));
    else {
      this.#elsewhere.next();
      this.#step(step);
    }
  }

  /** The traffic ends. @throws WireError as {@link line}. */
  end(): void {
    this.#compared(this.#recording?.end());
    this.#elsewhere?.next();
    this.#endBoot(false);
    this.#messages.end();
  }

  get #replayOptions() {
    const { platform, manager } = this.#options;
    return { follow: this.#model.follower, manager, ...(platform === undefined ? {} : { platform }) };
  }

  /** @param where undefined: the field that the message is about. */
  #find(rule: Rule, { place, record }: About, where?: Where, text = rule.why): void {
    const { peers: asked, wants, isCapture, finding } = this.#options;
    const peers = asked === undefined ? rule.peers : rule.peers.filter((peer) => asked.has(peer));
    if (wants?.(rule) === false) return;
    if (peers.length === 0) return;
    const evidence = record === undefined ? undefined : this.#known.evidence(record, where);
    // A reply has its number only when it is whole.
    const isLate = isCapture && record !== undefined && place.no === undefined;
    finding({ place: isLate ? { ...place, no: record.no } : place, rule, peers, text, evidence });
  }

  #compared(comparison: Comparison<PanicReason> | undefined): void {
    if (comparison === undefined) return;
    const { recorded, step } = comparison;
    if (!this.#options.isCapture) this.#messages.step(recorded, step, this.#placeOf(step));
    this.#step(recorded, comparison);
  }

  /** @param comparison undefined: the model runs elsewhere. */
  #step(recorded: RecordedStep, comparison?: Comparison<PanicReason>): void {
    if (recorded.kind === 'reboot') {
      this.#endBoot(true);
      this.#messages.boot();
      return;
    }
    const sent = this.#messages.handled(recorded);
    if (this.#clients.isDead) return;
    if (comparison !== undefined) this.#model.step(sent, comparison);
    if (recorded.panic !== undefined) this.#clients.isDead = true;
  }

  #endBoot(boots: boolean): void {
    this.#model.endBoot(boots);
    this.#clients.end();
    this.#messages.forget();
  }
}
