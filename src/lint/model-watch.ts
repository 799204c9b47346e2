import { constants, VM_CONFIG_IMAGE } from '../../schemas/index.js';
import type { RecordContents } from '../capture/records/index.js';
import { type PanicPlace, type PanicReason, panicPlaces, type ResourceManager } from '../rm/index.js';
import type { Comparison, ReplayFollower } from '../sim/index.js';
import type { About } from './client-watches.js';
import { Doubt } from './doubt.js';
import { headlineOf } from './evidence.js';
import type { LintNote, Place } from './finding.js';
import { Lives } from './lives.js';
import type { Rule } from './rule.js';
import { lifeRules, managerRules } from './rules/index.js';
import { correct, isRefused, seenReply } from './seen.js';
import type { Sent } from './sent.js';
import { type Suspect, Suspicion } from './suspicion.js';

const { VMID_HLOS, VMID_RM } = constants;

/** Why a death cannot be known. */
const NOT_SHOWN = 'it is about something whose state the traffic does not show';

export interface ModelWatchOptions {
  readonly isCapture: boolean;
  /** Memory that nothing is loaded into is known to be empty. */
  readonly knowsMemory: boolean;
  readonly find: (rule: Rule, about: About) => void;
  /** Told what cannot be known, unless undefined. */
  readonly note: ((note: LintNote) => void) | undefined;
  /** Where a step is that no message tells the place of. */
  readonly placeOf: (step: number) => Place;
  /** Where the message is that the machine handles next. */
  readonly nextPlace: () => Place;
  /** The manager that was seen has died. */
  readonly isDead: () => boolean;
}

/**
 * What the manager's model tells of the traffic. What was seen is the truth: numbers that the manager chose are taken from
 * its replies, and where it answered otherwise than the model, everything that the message names is in doubt from then on.
 * About what is in doubt no death is reported, but a note says so.
 */
export class ModelWatch {
  readonly #options: ModelWatchOptions;
  readonly #doubt = new Doubt([0, VMID_HLOS, VMID_RM]);
  readonly #lives = new Lives<Sent>();
  readonly #suspicion = new Suspicion();
  #manager: ResourceManager | undefined;
  /** Something was loaded since the boot, so that memory is known. */
  #memoryKnown: boolean;

  constructor(options: ModelWatchOptions) {
    this.#options = options;
    this.#memoryKnown = options.knowsMemory;
  }

  /** Looks at the manager while the traffic is put to it. */
  get follower(): ReplayFollower {
    return {
      begin: (manager) => {
        this.#manager = manager;
      },
      before: (step) => {
        if (step.kind === 'load') this.#memoryKnown = true;
        if (this.#manager !== undefined && !correct(this.#manager, step)) this.#doubt.everything = true;
      },
      dropped: (vmid) => {
        const { find, isDead, nextPlace } = this.#options;
        if (!isDead()) find(lifeRules.message_lost, { place: nextPlace(), record: undefined });
        this.#doubt.doubtVm(vmid);
      },
    };
  }

  /** Looks at what the model has done in a step. @param sent the messages that it has handled. */
  step(sent: readonly Sent[], comparison: Comparison<PanicReason>): void {
    const { recorded, panic, equal } = comparison;
    const alive = this.#suspicion.step(sent.length > 0, recorded.out.length > 0);
    if (alive !== undefined) this.#unknown(alive, NOT_SHOWN);
    for (const one of sent) this.#beforeComparing(one, comparison);
    if (panic !== undefined) this.#death(panic, sent, comparison);
    else if (!equal && recorded.panic === undefined) this.#part(sent, comparison);
    for (const one of sent) this.#follow(one, comparison);
  }

  /** The machine boots, or the traffic ends: what was not given back by now is lost. */
  endBoot(boots: boolean): void {
    const { find, isDead, knowsMemory } = this.#options;
    const suspected = this.#suspicion.end(boots);
    if (suspected?.hasDied === true) find(suspected.suspect.rule, suspected.suspect);
    else if (suspected !== undefined) this.#unknown(suspected.suspect, NOT_SHOWN);
    if (!isDead() && this.#manager !== undefined)
      for (const [rule, sent] of this.#lives.leaks(this.#manager))
        if (
          sent.record !== undefined &&
          (rule !== lifeRules.parcel_never_reclaimed || !this.#doubt.covers(sent.record))
        )
          find(rule, sent);
    this.#memoryKnown = knowsMemory;
    this.#doubt.clear();
    this.#lives.clear();
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
    const { isCapture, find, placeOf } = this.#options;
    const rule = managerRules.get(reason) as Rule;
    const deadly = panicPlaces[reason].message;
    const request =
      sent.length === 1
        ? sent[0]
        : sent.find(({ record }) => record?.message !== undefined && deadly.includes(record.message.name));
    const place = (isCapture ? request?.place : undefined) ?? placeOf(step);
    const record = request?.record;
    const reply = record === undefined ? undefined : seenReply(record, recorded.out);
    const isRefuted = reply === 0 && panicPlaces[reason].carefulError !== 0 && recorded.panic === undefined;
    if (isRefuted && record !== undefined) {
      this.#doubt.spread(record);
      this.#unknown({ place, rule, record }, 'the reply says that it was in another state than the model');
    } else if (record !== undefined && recorded.panic === undefined && this.#isDoubtful(reason, record)) {
      if (recorded.out.length === 0 && isCapture) this.#suspicion.begin({ place, rule, record });
      else this.#unknown({ place, rule, record }, NOT_SHOWN);
    } else find(rule, { place, record });
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
    const { note, placeOf } = this.#options;
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
    const place = sent[0]?.place ?? placeOf(step);
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
    if (rule !== undefined && !this.#doubt.covers(record)) this.#options.find(rule, sent);
  }
}
