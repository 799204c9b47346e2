import { constants, protocol } from '../../schemas/index.js';
import { emptyPacket, type Packet, putMessage } from '../capture/packets/index.js';
import { Assembler, type CaptureRecord, contentsOf } from '../capture/records/index.js';
import type { SeenFrame, SeenMessage } from '../host/index.js';
import { rmRules } from '../rpc/index.js';
import { MessageType } from '../schema/index.js';
import type { RecordedStep } from '../sim/index.js';
import type { About, Asked, ClientWatches } from './client-watches.js';
import { isNaming } from './doubt.js';
import { ERROR_WORD_SIZE, WHOLE, type Where } from './evidence.js';
import type { Place } from './finding.js';
import type { KnownMessages } from './known-messages.js';
import type { Rule } from './rule.js';
import { wireRules } from './rules/index.js';
import { Sent } from './sent.js';

const { VMID_RM } = constants;

const NOTHING = new Uint8Array(0);

/** Of so many messages the replies are looked for. More than any manager lets wait. */
const WAITING_MAX = 4096;

/** A record that came in one queue message, as clients take it. */
class WholeMessage implements SeenMessage<About> {
  type = 0;
  seq = 0;
  id = 0;
  error: number | undefined;
  size = 0;
  #record!: CaptureRecord;
  #seen!: Pick<About, 'place'>;
  #frame!: Uint8Array;

  /** @param seen where it is. @returns false for another record, and for none. */
  is(record: CaptureRecord | undefined, seen: Pick<About, 'place'>, frame: Uint8Array): boolean {
    if (record === undefined || record.announced > 0 || record.size > protocol.limits.content) return false;
    if (record.type !== 'reply' && record.type !== 'notification') return false;
    this.type = MessageType[record.type];
    this.seq = record.seq ?? 0;
    this.id = record.id ?? 0;
    this.error = record.error;
    this.size = record.error === undefined ? record.size : record.size - ERROR_WORD_SIZE;
    this.#record = record;
    this.#seen = seen;
    this.#frame = frame;
    return true;
  }

  payload(): Uint8Array {
    return this.#frame.subarray(this.#frame.length - this.size);
  }

  origin(): About {
    return { place: this.#seen.place, record: this.#record };
  }
}

export interface MessagesSeenOptions {
  readonly isCapture: boolean;
  /** What VMs send and take is shown to them. */
  readonly clients: ClientWatches;
  readonly known: KnownMessages;
  /** Undefined: nobody asks what is wrong with them. @param text what is wrong, where it is more than the rule says. */
  readonly find: ((rule: Rule, about: About, where: Where, text?: string) => void) | undefined;
}

/** Puts queue messages together, finds what is wrong with them by themselves, and knows which of them RM has yet to handle. */
export class MessagesSeen {
  readonly #options: MessagesSeenOptions;
  #assembler: Assembler;
  readonly #packet = emptyPacket();
  readonly #whole = new WholeMessage();
  /** Messages of VMs that the machine has not handled yet. */
  readonly #sent: Sent[] = [];
  /** Those of the latest requests that no reply was seen to, by number of the record modulo {@link WAITING_MAX}. */
  readonly #waiting = new Array<Sent | undefined>(WAITING_MAX).fill(undefined);
  /** The message of a step that has one, as a list: most do. */
  readonly #own: Sent[] = [];
  /** Messages that are queued while RM does not run. */
  #queued: Sent[] = [];
  /** Of the latest queue message; undefined where nobody has asked for that of a packet. */
  #place: Place | undefined = {};
  /** Number of the latest packet. */
  #number = 0;
  /** The bytes of the packet that is read. */
  #frame: Uint8Array = NOTHING;
  /** The record of the packet that is read. */
  #completed: CaptureRecord | undefined;

  constructor(options: MessagesSeenOptions) {
    this.#options = options;
    this.#assembler = this.#newAssembler();
  }

  /** Of the latest queue message. */
  get place(): Place {
    this.#place ??= { frame: this.#number };
    return this.#place;
  }

  /** Of the message that the machine handles next. */
  get nextPlace(): Place {
    return this.#sent[0]?.place ?? this.place;
  }

  /** Takes a packet of a capture. @param frame its bytes, which nobody changes. */
  packet(packet: Packet, from: number, to: number, frame: Uint8Array): void {
    this.#number = packet.frame;
    this.#place = undefined;
    this.#take(packet, frame);
    if (from !== VMID_RM) this.#asked(frame);
    else if (!this.#options.clients.isEmpty) this.#taken(to, frame);
  }

  #take(packet: Packet, frame: Uint8Array): void {
    this.#completed = undefined;
    this.#frame = frame;
    this.#assembler.packet(packet);
  }

  /** The queue message is one of a VM. */
  #asked(frame: Uint8Array): void {
    const seen = this.#completed;
    const record = seen && contentsOf(seen, frame);
    const place = this.#options.isCapture ? undefined : this.place;
    const sent = new Sent(record, this.#number, place);
    this.#sent.push(sent);
    if (record?.type !== 'request') return;
    this.#options.clients.sent(sent as Sent & Asked);
    this.#waiting[record.no % WAITING_MAX] = sent;
  }

  /** The request with this number, which waits no longer. */
  #answered(no: number): Sent | undefined {
    const place = no % WAITING_MAX;
    const sent = this.#waiting[place];
    if (sent?.record?.no !== no) return undefined;
    this.#waiting[place] = undefined;
    return sent;
  }

  /** A VM takes a queue message of a capture in an interrupt of its own. */
  #taken(to: number, frame: Uint8Array): void {
    const { clients } = this.#options;
    const record = this.#completed;
    if (this.#whole.is(record, this, frame) && clients.message(to, this.#whole)) return;
    const { place } = this;
    // Clients may leave it for a later interrupt.
    clients.interrupt(to, [{ bytes: frame, origin: { place, record: record && contentsOf(record, frame) } }]);
  }

  /** Takes the queue messages of a step of a recording. */
  step(recorded: RecordedStep, step: number, place: Place): void {
    const { clients } = this.#options;
    if ('frame' in recorded && 'from' in recorded && recorded.refused === undefined)
      this.#message(step, recorded.from, VMID_RM, recorded.frame, place);
    else if ('frame' in recorded && 'from' in recorded) this.#sent.push(new Sent(undefined, step, place));
    const taken = new Map<number, SeenFrame<About>[]>();
    for (const { to, frame } of recorded.out) {
      this.#message(step, VMID_RM, to, frame, place);
      if (clients.isEmpty) continue;
      const seen = this.#completed as CaptureRecord | undefined;
      const frames = taken.get(to) ?? [];
      frames.push({ bytes: frame, origin: { place, record: seen && contentsOf(seen, frame) } });
      taken.set(to, frames);
    }
    for (const [vmid, frames] of taken) clients.interrupt(vmid, frames);
  }

  /** The messages that RM handles in a step. The list is valid until the next one. */
  handled(recorded: RecordedStep): readonly Sent[] {
    if (recorded.kind === 'frame' && this.#queued.length === 0) return this.#alone(this.#sent.shift());
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

  #alone(own: Sent | undefined): readonly Sent[] {
    if (own === undefined) return [];
    this.#own[0] = own;
    return this.#own;
  }

  /** What is queued is lost, and what was asked is not answered any more. */
  forget(): void {
    this.#queued = [];
    this.#waiting.fill(undefined);
  }

  /** The machine boots. Nothing of the boot before is answered in this one. */
  boot(): void {
    if (this.#options.isCapture) this.#assembler.forgetRequests();
    else {
      this.#assembler.end();
      this.#assembler = this.#newAssembler();
    }
  }

  /** No more messages come. */
  end(): void {
    this.#assembler.end();
  }

  #newAssembler(): Assembler {
    return new Assembler({
      protocol,
      rules: rmRules,
      keepBytes: true,
      reuses: true,
      record: (record) => this.#record(record),
    });
  }

  #message(step: number, from: number, to: number, frame: Uint8Array, place: Place): void {
    const packet = this.#packet;
    packet.frame = step;
    putMessage(packet, from, to, frame);
    this.#place = place;
    this.#take(packet, frame);
    if (from !== VMID_RM) this.#asked(frame);
  }

  #record(record: CaptureRecord): void {
    const { isCapture, clients, known, find } = this.#options;
    this.#completed = record;
    if (record.request !== undefined) {
      clients.replied(record.to, record.request);
      const sent = this.#answered(record.request);
      if (sent !== undefined && isNaming(record.layout)) sent.reply = contentsOf(record, this.#frame);
    }
    if (find === undefined) return;
    const { type, duplicateOf, incomplete } = record;
    const isOdd = type === 'malformed' || type === 'continuation' || incomplete || duplicateOf !== undefined;
    if (!isOdd && record.hasIssues === false) return;
    const place = isCapture ? { frame: record.packets[0]?.frame ?? 0, no: record.no } : this.place;
    const about = { place, record };
    if (type === 'malformed') find(wireRules.malformed, about, WHOLE);
    else for (const fault of known.faults(record)) find(fault.rule, about, fault, fault.text);
    if (type === 'continuation') find(wireRules.continuation, about, WHOLE);
    else if (incomplete) find(wireRules.incomplete, about, WHOLE);
    if (duplicateOf !== undefined) find(wireRules.duplicate, about, WHOLE);
  }
}
