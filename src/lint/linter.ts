import { constants, VM_CONFIG_IMAGE } from '../../schemas/index.js';
import { isLine } from '../base/line-readers.js';
import type { Packet } from '../capture/packets/index.js';
import type { RecordContents } from '../capture/records/index.js';
import type { FileContents } from '../machine/index.js';
import type {
  ManagerProfile,
  PanicPlace,
  PanicReason,
  PlatformProfile,
  ResourceManager,
} from '../rm/index.js';
import { panicPlaces } from '../rm/index.js';
import {
  type Comparison,
  LineReplay,
  type RecordedStep,
  Replay,
  type ReplayFollower,
  readHeader,
  readStep,
} from '../sim/index.js';
import { type About, ClientWatches } from './client-watches.js';
import { Doubt } from './doubt.js';
import { headlineOf, type Where } from './evidence.js';
import type { Finding, LintNote, Place } from './finding.js';
import { KnownMessages } from './known-messages.js';
import { Lives } from './lives.js';
import { MessagesSeen } from './messages-seen.js';
import type { Rule } from './rule.js';
import { lifeRules, managerRules, modelRules } from './rules/index.js';
import { correct, isRefused, seenReply } from './seen.js';
import type { Sent } from './sent.js';
import { type Suspect, Suspicion } from './suspicion.js';

const { VMID_HLOS, VMID_RM } = constants;

export interface LinterOptions {
  readonly platform?: PlatformProfile | undefined;
  readonly manager?: ManagerProfile | undefined;
  readonly file: FileContents;
  /** Names of managers and clients whose rules count. Undefined: all. */
  readonly peers?: ReadonlySet<string> | undefined;
  /** Whether findings of a rule are asked for. Undefined: those of all rules are. */
  readonly wants?: ((rule: Rule) => boolean) | undefined;
  /**
   * The lines are made from a capture: memory that no line loads is unknown, and {@link Linter.packet} gets the packets
   * before the lines that are made from them come.
   */
  readonly isCapture: boolean;
  /** Memory that no line loads is empty. Default: it is for recordings. */
  readonly knowsMemory?: boolean;
  /** The lines are the first recording of their file, so that places need not name it. Default: true. */
  readonly isFirst?: boolean;
  readonly finding: (finding: Finding) => void;
  /** Told what cannot be known, unless undefined. */
  readonly note?: ((note: LintNote) => void) | undefined;
  /** Of a capture: the manager's model runs elsewhere. Undefined: it runs here. */
  readonly model?: ModelElsewhere | undefined;
  /** Of a capture: only what the manager's model finds is told. For the linter that is the other's {@link model}. */
  readonly isModelOnly?: boolean;
}

/**
 * What the manager's model finds when another linter runs it, told where this one would find it: nothing that the model
 * does depends on the clients.
 */
export interface ModelElsewhere {
  /** Tells what it has found at the next line, the first one first. After the last line: at the end of the traffic. */
  next(): void;
}

/** A model that nobody asks for. */
const silent: ModelElsewhere = { next: () => {} };

/** Whether the manager's model can find anything that is asked for. */
export function asksForModel({
  peers,
  wants,
  note,
}: Omit<LinterOptions, 'isCapture' | 'finding' | 'file'>): boolean {
  return note !== undefined || modelRules.some((rule) => wants?.(rule) !== false && isAbout(rule, peers));
}

function isAbout(rule: Rule, peers: ReadonlySet<string> | undefined): boolean {
  return peers === undefined || rule.peers.some((peer) => peers.has(peer));
}

/** Why a death cannot be known. */
const NOT_SHOWN = 'it is about something whose state the traffic does not show';

/**
 * Finds in traffic what will hurt the public manager or its clients. The VMs' side goes through the manager's model, as
 * `replay` does it. What was seen is the truth: numbers that the manager chose are taken from its replies, and where it
 * answered otherwise than the model, everything that the message names is in doubt from then on. About what is in doubt no
 * death is reported, but a note says so.
 */
export class Linter {
  readonly #options: LinterOptions;
  readonly #model: ModelElsewhere | undefined;
  readonly #doubt = new Doubt([0, VMID_HLOS, VMID_RM]);
  #scenario: string | undefined;
  #manager: ResourceManager | undefined;
  /** Something was loaded since the boot, so that memory is known. */
  #memoryKnown = false;
  readonly #lives = new Lives<Sent>();
  readonly #suspicion = new Suspicion();
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
    this.#model = options.model ?? (isCapture && !asksForModel(options) ? silent : undefined);
    const find = (rule: Rule, about: About, where?: Where, text?: string) =>
      this.#find(rule, about, where, text);
    const known = this.#known;
    const clients = new ClientWatches({ peers: isModelOnly ? new Set() : peers, isCapture, find });
    this.#clients = clients;
    this.#messages = new MessagesSeen({ isCapture, clients, known, find: isModelOnly ? undefined : find });
    this.#memoryKnown = this.#knowsMemory;
  }

  get #knowsMemory(): boolean {
    const { isCapture, knowsMemory = !isCapture } = this.#options;
    return knowsMemory;
  }

  /** Takes the next packet of a capture, before its line comes. @param frame its bytes, which nobody changes. */
  packet(packet: Packet, from: number, to: number, frame: Uint8Array): void {
    this.#messages.packet(packet, from, to, frame);
  }

  /** Goes through the lines of a recording, the first one first. @throws WireError when a line is not part of one. */
  lines(lines: Iterable<unknown>): void {
    for (const line of lines) this.line(line);
    this.end();
  }

  #placeOf(step: number): Place {
    return this.#scenario === undefined ? { step } : { scenario: this.#scenario, step };
  }

  /** Takes the next line, the first one first. @throws WireError when it is not part of a recording. */
  line(line: unknown): void {
    const { isCapture, file } = this.#options;
    if (this.#model !== undefined) {
      this.#lineElsewhere(line, this.#model);
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
    if (this.#model === undefined) this.#compared(this.#replay?.step(step, false));
    else {
      this.#model.next();
      this.#step(step);
    }
  }

  /** The traffic ends. @throws WireError as {@link line}. */
  end(): void {
    this.#compared(this.#recording?.end());
    this.#model?.next();
    this.#endBoot(false);
    this.#messages.end();
  }

  get #replayOptions() {
    const { platform, manager } = this.#options;
    const follow: ReplayFollower = {
      begin: (model) => {
        this.#manager = model;
      },
      before: (step) => {
        if (this.#manager !== undefined && !correct(this.#manager, step)) this.#doubt.everything = true;
      },
      dropped: (vmid) => this.#dropped(vmid),
    };
    return { follow, manager, ...(platform === undefined ? {} : { platform }) };
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
    if (recorded.kind === 'load') this.#memoryKnown = true;
    const sent = this.#messages.handled(recorded);
    if (this.#clients.isDead) return;
    if (comparison !== undefined) this.#judge(sent, comparison);
    if (recorded.panic !== undefined) this.#clients.isDead = true;
  }

  /** Looks at what the model has done. */
  #judge(sent: readonly Sent[], comparison: Comparison<PanicReason>): void {
    const { recorded, panic, equal } = comparison;
    const alive = this.#suspicion.step(sent.length > 0, recorded.out.length > 0);
    if (alive !== undefined) this.#unknown(alive, NOT_SHOWN);
    for (const one of sent) this.#beforeComparing(one, comparison);
    if (panic !== undefined) this.#death(panic, sent, comparison);
    else if (!equal && recorded.panic === undefined) this.#part(sent, comparison);
    for (const one of sent) this.#follow(one, comparison);
  }

  /** What of a message cannot be known. */
  #beforeComparing({ record }: Sent, { recorded }: Comparison): void {
    if (record === undefined || record.type !== 'request') return;
    // One that was refused leaves no configuration, whatever is in memory.
    if (record.id === VM_CONFIG_IMAGE.id && !this.#memoryKnown && !isRefused(record, recorded.out))
      this.#doubt.spread(record);
    if (this.#manager !== undefined && recorded.refused === undefined)
      this.#lives.before(record, this.#manager);
  }

  #death(reason: PanicReason, sent: readonly Sent[], comparison: Comparison): void {
    const { recorded, step } = comparison;
    const { isCapture } = this.#options;
    const rule = managerRules.get(reason) as Rule;
    const deadly = panicPlaces[reason].message;
    const request =
      sent.length === 1
        ? sent[0]
        : sent.find(({ record }) => record?.message !== undefined && deadly.includes(record.message.name));
    const place = isCapture ? (request?.place ?? this.#messages.place) : this.#placeOf(step);
    const record = request?.record;
    const reply = record === undefined ? undefined : seenReply(record, recorded.out);
    const isRefuted = reply === 0 && panicPlaces[reason].carefulError !== 0 && recorded.panic === undefined;
    if (isRefuted && record !== undefined) {
      this.#doubt.spread(record);
      this.#unknown({ place, rule, record }, 'the reply says that it was in another state than the model');
    } else if (record !== undefined && recorded.panic === undefined && this.#isDoubtful(reason, record)) {
      if (recorded.out.length === 0 && isCapture) this.#suspicion.begin({ place, rule, record });
      else this.#unknown({ place, rule, record }, NOT_SHOWN);
    } else this.#find(rule, { place, record });
  }

  #isDoubtful(reason: PanicReason, record: RecordContents): boolean {
    const { inAnyState = false } = panicPlaces[reason] as PanicPlace;
    return !inAnyState && this.#doubt.covers(record);
  }

  #unknown({ place, rule: { id }, record }: Suspect, why: string): void {
    const { note } = this.#options;
    note?.({ place, note: `${headlineOf(record)}: whether ${id} holds cannot be known: ${why}` });
  }

  /** The manager answered otherwise than the model. */
  #part(sent: readonly Sent[], { recorded, actual, step }: Comparison): void {
    const { note, isCapture } = this.#options;
    let first: RecordContents | undefined;
    for (const { record } of sent) {
      if (record === undefined) continue;
      first ??= record;
      this.#doubt.spread(record);
    }
    // Nobody asked: what went to other VMs than the model says.
    if (first === undefined)
      for (const out of [recorded.out, actual]) for (const { to } of out) this.#doubt.doubtVm(to);
    if (note === undefined) return;
    const place = sent[0]?.place ?? (isCapture ? this.#messages.place : this.#placeOf(step));
    const about = first === undefined ? 'without a message' : headlineOf(first);
    note({ place, note: `${about}: the manager answered otherwise than the model` });
  }

  /** Remembers what happened to VMs, and what a doubtful message makes doubtful. */
  #follow(sent: Sent, { recorded }: Comparison): void {
    const { record } = sent;
    if (record === undefined || record.type !== 'request') return;
    if (sent.reply !== undefined && this.#doubt.covers(record)) this.#doubt.spread(sent.reply);
    if (!this.#lives.concerns(record) || seenReply(record, recorded.out) !== 0) return;
    const rule = this.#lives.answered(record, sent);
    if (rule !== undefined && !this.#doubt.covers(record)) this.#find(rule, sent);
  }

  #dropped(vmid: number): void {
    const lost = { place: this.#messages.nextPlace, record: undefined };
    if (!this.#clients.isDead) this.#find(lifeRules.message_lost, lost);
    this.#doubt.doubtVm(vmid);
  }

  /** The machine boots, or the traffic ends: what was not given back by now is lost. */
  #endBoot(boots: boolean): void {
    const suspected = this.#suspicion.end(boots);
    if (suspected?.hasDied === true) this.#find(suspected.suspect.rule, suspected.suspect);
    else if (suspected !== undefined) this.#unknown(suspected.suspect, NOT_SHOWN);
    if (!this.#clients.isDead && this.#manager !== undefined)
      for (const [rule, sent] of this.#lives.leaks(this.#manager))
        if (
          sent.record !== undefined &&
          (rule !== lifeRules.parcel_never_reclaimed || !this.#doubt.covers(sent.record))
        )
          this.#find(rule, sent);
    this.#clients.end();
    this.#memoryKnown = this.#knowsMemory;
    this.#doubt.clear();
    this.#messages.forget();
    this.#lives.clear();
  }
}
