import { hashOf, sameBytes } from '../base/bytes.js';
import type { CaptureRecord, RecordContents } from '../capture/records/index.js';
import { VariantType } from '../wire/index.js';
import { aboutText, type Fault, faultsOf, headlineOf, passageOf, payloadOf, type Where } from './evidence.js';
import type { Evidence, Passage } from './finding.js';

/** Messages that are remembered. */
const KNOWN_MAX = 4096;
/** Those with more bytes differ nearly always, and are not remembered. */
const SIZE_MAX = 256;

/** What the messages with one type, id and bytes have in common. Each part is made when it is asked for. */
class KnownMessage {
  readonly #type: string;
  readonly #id: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #payload: Uint8Array;
  #about: string | undefined;
  #faults: readonly Fault[] | undefined;
  /** Of each place that was asked for: there are few. */
  readonly #passages: { readonly where: Where | undefined; readonly passage: Passage }[] = [];

  constructor({ type, id }: RecordContents, bytes: Uint8Array) {
    this.#type = type;
    this.#id = id;
    this.#bytes = bytes.slice();
    this.#payload = payloadOf({ type, bytes: this.#bytes, raw: undefined });
  }

  is({ type, id }: RecordContents, bytes: Uint8Array): boolean {
    return this.#type === type && this.#id === id && sameBytes(this.#bytes, bytes);
  }

  about(record: RecordContents): string {
    this.#about ??= aboutText(record);
    return this.#about;
  }

  faults(record: RecordContents): readonly Fault[] {
    this.#faults ??= faultsOf(record);
    return this.#faults;
  }

  passage(record: RecordContents, where: Where | undefined): Passage {
    for (const known of this.#passages) if (isSamePlace(known.where, where)) return known.passage;
    const passage = passageOf(record, this.#payload, where);
    this.#passages.push({ where, passage });
    return passage;
  }
}

function isSamePlace(a: Where | undefined, b: Where | undefined): boolean {
  return a === b || (a?.path === b?.path && a?.offset === b?.offset);
}

/**
 * What findings say of messages. Messages with the same bytes come again and again, as from a sender that does the same
 * wrong thing each time, and what decoding tells of them is remembered.
 */
export class KnownMessages {
  /** By a hash of the bytes. A later message with the same hash replaces the one before. */
  readonly #known = new Map<number, KnownMessage>();
  // The message that was asked for last. Who has asked what is wrong with it asks for the evidence next.
  #record: RecordContents | undefined;
  #no = 0;
  #latest: KnownMessage | undefined;

  /** What is wrong with a message. */
  faults(record: CaptureRecord): readonly Fault[] {
    // Others have issues of their packets.
    const known = record.isPlain === true ? this.#of(record) : undefined;
    return known?.faults(record) ?? faultsOf(record);
  }

  /** The message with the bytes of a place. @param where as {@link passageOf} takes it. */
  evidence(record: RecordContents, where: Where | undefined): Evidence {
    const known = this.#of(record);
    const passage = known?.passage(record, where) ?? passageOf(record, payloadOf(record), where);
    // What a message repeats does not follow from its bytes.
    const about = record.duplicateOf === undefined ? known?.about(record) : undefined;
    return { headline: headlineOf(record, about), passage };
  }

  #of(record: RecordContents): KnownMessage | undefined {
    // An assembler reuses its records.
    if (record !== this.#record || record.no !== this.#no) {
      this.#latest = this.#find(record);
      this.#record = record;
      this.#no = record.no;
    }
    return this.#latest;
  }

  /** Undefined for a message about which more than its bytes tells what they mean. */
  #find(record: RecordContents): KnownMessage | undefined {
    const { bytes, id = 0 } = record;
    if (bytes === undefined || bytes.length > SIZE_MAX || !isWhole(record)) return undefined;
    // The request of a reply tells which of several layouts it has.
    if (record.layout instanceof VariantType) return undefined;
    const hash = hashOf(bytes, id);
    let known = this.#known.get(hash);
    if (known?.is(record, bytes) === true) return known;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    known = new KnownMessage(record, bytes);
    this.#known.set(hash, known);
    return known;
  }
}

function isWhole({ type, incomplete }: RecordContents): boolean {
  return !incomplete && (type === 'request' || type === 'reply' || type === 'notification');
}
