import {
  constants,
  protocol,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_RESET,
} from '../../schemas/index.js';
import type { Issue } from '../base/error.js';
import { issueText } from '../base/sentence.js';
import { emptyPacket, type Packet } from '../capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../capture/records/index.js';
import { type GenerationName, generations, hazards } from '../host/index.js';
import type { FileContents } from '../machine/index.js';
import type {
  ManagerProfile,
  PanicPlace,
  PanicReason,
  PlatformProfile,
  ResourceManager,
} from '../rm/index.js';
import { panicPlaces, VmState } from '../rm/index.js';
import { rmRules } from '../rpc/index.js';
import { type Comparison, type RecordedStep, replay } from '../sim/index.js';
import { ClientWatch } from './client-watch.js';
import { Doubt } from './doubt.js';
import { evidenceOf, headlineOf } from './evidence.js';
import type { Finding, LintNote, Place } from './finding.js';
import type { Rule } from './rule.js';
import { lifeRules, managerRules, ruleOfHazard, ruleOfIssue, wireRules } from './rules/index.js';
import { correct, seenReply } from './seen.js';

const { VMID_HLOS, VMID_RM } = constants;

export interface LintOptions {
  readonly platform?: PlatformProfile | undefined;
  readonly manager?: ManagerProfile | undefined;
  readonly file: FileContents;
  /** Names of managers and clients whose rules count. Undefined: all. */
  readonly peers?: ReadonlySet<string> | undefined;
  /**
   * The lines are made from a capture: memory that no line loads is unknown, and {@link Linter.packet} gets the packets
   * before the lines come.
   */
  readonly isCapture: boolean;
  readonly finding: (finding: Finding) => void;
  readonly note: (note: LintNote) => void;
}

/** A message of a VM, from when it was seen until the machine has handled it. */
interface Sent {
  readonly place: Place;
  /** The message that it completes. */
  readonly record: CaptureRecord | undefined;
  reply: CaptureRecord | undefined;
}

/** A message as a whole. */
const WHOLE = { path: '', offset: 0 } as const;

/** Requests whose replies are looked for. More than any manager lets wait. */
const WAITING_MAX = 4096;

/**
 * Finds in traffic what will hurt the public manager or its clients. The VMs' side goes through the manager's model, as
 * `replay` does it. What was seen is the truth: numbers that the manager chose are taken from its replies, and where it
 * answered otherwise than the model, everything that the message names is in doubt from then on. About what is in doubt no
 * death is reported, but a note says so.
 */
export class Linter {
  readonly #options: LintOptions;
  #assembler: Assembler;
  readonly #packet = emptyPacket();
  readonly #doubt = new Doubt([0, VMID_HLOS, VMID_RM]);
  /** Messages of VMs that the machine has not handled yet. */
  readonly #sent: Sent[] = [];
  /** Those requests that no reply was seen to, by number of the record, oldest first. */
  readonly #waiting = new Map<number, Sent>();
  /** Messages that are queued while RM does not run. */
  #queued: Sent[] = [];
  #place: Place = {};
  /** The record of the packet that is read. */
  #completed: CaptureRecord | undefined;
  #manager: ResourceManager | undefined;
  #isDead = false;
  /** Something was loaded since the boot, so that memory is known. */
  #memoryKnown = false;
  /** By VMID: where it was deallocated, and where it was reset. */
  readonly #deallocated = new Map<number, Sent>();
  readonly #reset = new Map<number, Sent>();
  /** By VMID, what the clients that were asked for do with what RM sends. */
  readonly #watches = new Map<number, ClientWatch<Sent>>();
  readonly #clients: readonly GenerationName[];
  /** VMIDs in state RESET when another one was asked for. */
  readonly #abandoned = new Set<number>();

  constructor(options: LintOptions) {
    this.#options = options;
    const names = Object.keys(generations) as GenerationName[];
    this.#clients = names.filter((name) => options.peers?.has(name) !== false);
    this.#memoryKnown = !options.isCapture;
    this.#assembler = this.#newAssembler();
  }

  #newAssembler(): Assembler {
    return new Assembler({
      protocol,
      rules: rmRules,
      keepBytes: true,
      record: (record) => this.#record(record),
    });
  }

  /** Takes the next packet of a capture, before its line comes. */
  packet(packet: Packet, from: number): void {
    this.#take(packet, from, (record) => ({
      frame: packet.frame,
      ...(record === undefined ? {} : { no: record.no }),
    }));
  }

  /** Goes through the lines of a recording, the first one first. @throws WireError when a line is not part of one. */
  lines(lines: Iterable<unknown>): void {
    const { platform, manager, file } = this.#options;
    const follow = {
      begin: (model: ResourceManager) => {
        this.#manager = model;
      },
      before: (step: RecordedStep) => {
        if (this.#manager !== undefined && !correct(this.#manager, step)) this.#doubt.everything = true;
      },
      dropped: (vmid: number) => this.#dropped(vmid),
    };
    const options = { file, follow, manager, ...(platform === undefined ? {} : { platform }) };
    let last: Comparison<PanicReason> | undefined;
    for (const comparison of replay(lines, options)) {
      last = comparison;
      this.#step(comparison);
    }
    if (last !== undefined) this.#endBoot();
    this.#assembler.end();
  }

  #take(
    packet: Packet,
    from: number | undefined,
    placeOf: (record: CaptureRecord | undefined) => Place,
  ): void {
    this.#completed = undefined;
    this.#place = placeOf(undefined);
    this.#assembler.packet(packet);
    if (from === VMID_RM) {
      if (this.#options.isCapture && packet.to !== undefined)
        this.#interrupt(packet.to, [packet.data.slice(packet.start, packet.end)]);
      return;
    }
    const record = this.#completed as CaptureRecord | undefined;
    const sent: Sent = { place: placeOf(record), record, reply: undefined };
    this.#sent.push(sent);
    if (record?.type !== 'request') return;
    if (this.#clients.length > 0 && !this.#isDead) this.#watch(record.from).sent({ record, request: sent });
    this.#waiting.set(record.no, sent);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > WAITING_MAX && oldest !== undefined) this.#waiting.delete(oldest);
  }

  #watch(vmid: number): ClientWatch<Sent> {
    let watch = this.#watches.get(vmid);
    if (watch === undefined) {
      watch = new ClientWatch(this.#clients, (hazard, clients, followed) => {
        const rule = ruleOfHazard(hazard, clients);
        // What a dead manager does not answer is told where it dies.
        if (rule === undefined || (this.#isDead && hazard === hazards.no_reply)) return;
        const isUnanswered = hazard === hazards.no_reply && followed !== undefined;
        const about = isUnanswered ? followed.request : { place: this.#place, record: this.#completed };
        this.#find({ ...rule, peers: clients }, about);
      });
      this.#watches.set(vmid, watch);
    }
    return watch;
  }

  /** A VM takes messages of RM in one interrupt. */
  #interrupt(vmid: number, frames: readonly Uint8Array[]): void {
    if (this.#clients.length > 0) this.#watch(vmid).interrupt(frames);
  }

  #record(record: CaptureRecord): void {
    this.#completed = record;
    if (record.request !== undefined) {
      const sent = this.#waiting.get(record.request);
      this.#waiting.delete(record.request);
      if (sent !== undefined) sent.reply = record;
    }
    const place = this.#options.isCapture
      ? { frame: record.packets[0]?.frame ?? 0, no: record.no }
      : this.#place;
    for (const issue of record.type === 'malformed' ? [] : record.issues) {
      const rule = ruleOfIssue(issue.code);
      if (rule !== undefined) this.#find(rule, { place, record }, issue);
    }
    if (record.type === 'malformed') this.#find(wireRules.malformed, { place, record }, WHOLE);
    else if (record.type === 'continuation') this.#find(wireRules.continuation, { place, record }, WHOLE);
    else if (record.incomplete) this.#find(wireRules.incomplete, { place, record }, WHOLE);
    if (record.duplicateOf !== undefined) this.#find(wireRules.duplicate, { place, record }, WHOLE);
  }

  /** @param about a field and what is wrong with it; undefined: the field that the message is about. */
  #find(rule: Rule, { place, record }: Pick<Sent, 'place' | 'record'>, about?: Issue | typeof WHOLE): void {
    const peers = rule.peers.filter((peer) => this.#options.peers?.has(peer) !== false);
    if (peers.length === 0) return;
    const evidence = record === undefined ? undefined : evidenceOf(record, about?.path, about?.offset);
    const text = about !== undefined && 'code' in about ? `${rule.why}: ${issueText(about)}` : rule.why;
    this.#options.finding({ place, rule, peers, text, evidence });
  }

  #step(comparison: Comparison<PanicReason>): void {
    const { recorded, step } = comparison;
    if (!this.#options.isCapture) this.#feed(step, recorded);
    if (recorded.kind === 'reboot') {
      this.#endBoot();
      // Nothing of the boot before is answered in this one. The packets of a capture do not say where it boots.
      if (!this.#options.isCapture) this.#assembler.end();
      if (!this.#options.isCapture) this.#assembler = this.#newAssembler();
      return;
    }
    if (recorded.kind === 'load') this.#memoryKnown = true;
    const sent = this.#handled(recorded);
    if (this.#isDead) return;
    for (const one of sent) this.#beforeComparing(one, comparison);
    if (comparison.panic !== undefined) this.#death(comparison.panic, sent, comparison);
    else if (!comparison.equal && recorded.panic === undefined) this.#part(sent, comparison);
    for (const one of sent) this.#follow(one, comparison);
    if (recorded.panic !== undefined) this.#isDead = true;
  }

  /** Shows the assembler the messages of a step of a recording. */
  #feed(step: number, recorded: RecordedStep): void {
    const place = { step };
    if ('frame' in recorded && 'from' in recorded && recorded.refused === undefined)
      this.#message(step, recorded.from, VMID_RM, recorded.frame, place);
    else if ('frame' in recorded && 'from' in recorded)
      this.#sent.push({ place, record: undefined, reply: undefined });
    for (const { to, frame } of recorded.out) this.#message(step, VMID_RM, to, frame, place);
    for (const vmid of new Set(recorded.out.map(({ to }) => to)))
      this.#interrupt(
        vmid,
        recorded.out.filter(({ to }) => to === vmid).map(({ frame }) => frame),
      );
  }

  #message(step: number, from: number, to: number, frame: Uint8Array, place: Place): void {
    const packet = this.#packet;
    packet.frame = step;
    packet.from = from;
    packet.to = to;
    packet.data = frame;
    packet.view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    packet.end = frame.byteLength;
    this.#take(packet, from, () => place);
  }

  /** The messages that RM handles in a step. */
  #handled(recorded: RecordedStep): readonly Sent[] {
    const own = 'frame' in recorded && 'from' in recorded ? this.#sent.shift() : undefined;
    if (recorded.kind === 'enqueue') {
      if (own !== undefined) this.#queued.push(own);
      return [];
    }
    if (recorded.kind !== 'frame' && recorded.kind !== 'run') return [];
    const handled = [...this.#queued, ...(own === undefined ? [] : [own])];
    this.#queued = [];
    return handled;
  }

  /** What of a message cannot be known. */
  #beforeComparing({ record }: Sent, { recorded }: Comparison): void {
    if (record === undefined || record.type !== 'request') return;
    if (record.id === VM_CONFIG_IMAGE.id && !this.#memoryKnown) this.#doubt.spread(record);
    if (record.id !== VM_ALLOC_VMID.id) return;
    for (const [vmid, { record: reset }] of this.#reset)
      if (
        reset !== undefined &&
        this.#manager?.vm(vmid)?.state === VmState.RESET &&
        recorded.refused === undefined
      )
        this.#abandoned.add(vmid);
  }

  #death(reason: PanicReason, sent: readonly Sent[], comparison: Comparison): void {
    const { recorded, step } = comparison;
    const rule = managerRules.get(reason) as Rule;
    const deadly = panicPlaces[reason].message;
    const request =
      sent.length === 1
        ? sent[0]
        : sent.find(({ record }) => record?.message !== undefined && deadly.includes(record.message.name));
    const place = this.#options.isCapture ? (request?.place ?? this.#place) : { step };
    const record = request?.record;
    const reply = record === undefined ? undefined : seenReply(record, recorded.out);
    const isRefuted = reply === 0 && panicPlaces[reason].carefulError !== 0 && recorded.panic === undefined;
    if (isRefuted && record !== undefined) {
      this.#doubt.spread(record);
      this.#unknown(place, rule, record, 'the reply says that it was in another state than the model');
    } else if (record !== undefined && recorded.panic === undefined && this.#isDoubtful(reason, record))
      this.#unknown(place, rule, record, 'it is about something whose state the traffic does not show');
    else this.#find(rule, { place, record });
  }

  #isDoubtful(reason: PanicReason, record: CaptureRecord): boolean {
    const { inAnyState = false } = panicPlaces[reason] as PanicPlace;
    return !inAnyState && this.#doubt.covers(record);
  }

  #unknown(place: Place, { id }: Rule, record: CaptureRecord, why: string): void {
    this.#options.note({ place, note: `${headlineOf(record)}: whether ${id} holds cannot be known: ${why}` });
  }

  /** The manager answered otherwise than the model. */
  #part(sent: readonly Sent[], { recorded, actual, step }: Comparison): void {
    const place = sent[0]?.place ?? (this.#options.isCapture ? this.#place : { step });
    const records = sent.flatMap(({ record }) => (record === undefined ? [] : [record]));
    for (const record of records) this.#doubt.spread(record);
    // Nobody asked: what went to other VMs than the model says.
    if (records.length === 0) for (const { to } of [...recorded.out, ...actual]) this.#doubt.doubtVm(to);
    const about = records[0] === undefined ? 'without a message' : headlineOf(records[0]);
    this.#options.note({ place, note: `${about}: the manager answered otherwise than the model` });
  }

  /** Remembers what happened to VMs, and what a doubtful message makes doubtful. */
  #follow(sent: Sent, { recorded }: Comparison): void {
    const { record } = sent;
    if (record === undefined || record.type !== 'request') return;
    if (sent.reply !== undefined && this.#doubt.covers(record)) this.#doubt.spread(sent.reply);
    const vmid = record.payload?.vmid;
    if (typeof vmid !== 'number' || seenReply(record, recorded.out) !== 0) return;
    if (record.id === VM_DEALLOC_VMID.id) {
      this.#deallocated.set(vmid, sent);
      this.#reset.delete(vmid);
      this.#abandoned.delete(vmid);
    }
    if (record.id === VM_CONFIG_IMAGE.id) this.#abandoned.delete(vmid);
    if (record.id !== VM_RESET.id) return;
    if (this.#reset.has(vmid) && !this.#doubt.covers(record))
      this.#find(lifeRules.reset_cleans_nothing, sent);
    this.#reset.set(vmid, sent);
  }

  #dropped(vmid: number): void {
    const lost = { place: this.#sent[0]?.place ?? this.#place, record: undefined, reply: undefined };
    if (!this.#isDead) this.#find(lifeRules.message_lost, lost);
    this.#doubt.doubtVm(vmid);
  }

  /** The machine boots, or the traffic ends: what was not given back by now is lost. */
  #endBoot(): void {
    if (!this.#isDead) this.#leaks();
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
    this.#isDead = false;
    this.#memoryKnown = !this.#options.isCapture;
    this.#doubt.clear();
    this.#queued = [];
    this.#waiting.clear();
    for (const known of [this.#deallocated, this.#reset, this.#abandoned]) known.clear();
  }

  #leaks(): void {
    const manager = this.#manager;
    if (manager === undefined) return;
    const gone = new Set<number>();
    for (const { participants, owner } of manager.parcels.all()) {
      const others = participants.filter(({ vmid }) => vmid !== owner);
      if (others.length > 0 && others.every(({ vmid }) => manager.vm(vmid) === undefined))
        for (const { vmid } of others) gone.add(vmid);
    }
    for (const vmid of gone) {
      const sent = this.#deallocated.get(vmid);
      if (sent?.record !== undefined && !this.#doubt.covers(sent.record))
        this.#find(lifeRules.parcel_never_reclaimed, sent);
    }
    for (const vmid of this.#abandoned) {
      const sent = this.#reset.get(vmid);
      if (manager.vm(vmid)?.state === VmState.RESET && sent !== undefined)
        this.#find(lifeRules.vmid_never_freed, sent);
    }
  }
}
