import type { Issue } from '../../base/error.js';
import { headerReader } from '../../rpc/index.js';
import type { Header, Protocol } from '../../schema/index.js';
import { type JsonObject, keysOfContents } from '../keys/index.js';
import { emptyPacket } from '../packets/index.js';
import { functionsOf, type ProtocolFunctions } from '../payload/index.js';
import { type CaptureRecord, LazyRecord } from '../records/index.js';
import { type FieldChange, fieldChanges } from './fields.js';
import { HeldMessages } from './held-messages.js';
import { type FieldPath, removeField } from './ignore.js';

const noIssues: readonly Issue[] = [];
const packet = emptyPacket();

/** A message of a comparison: its place among those that are held. */
export type DiffEntry = number;

/** What the messages of a comparison share, and how their contents are had. */
export class Comparison {
  readonly held: HeldMessages;
  readonly #functions: ProtocolFunctions;
  readonly #record: LazyRecord;
  /** The other one of two messages. */
  readonly #other: LazyRecord;
  readonly #header: Header = { api_version: 1, header_words: 2, type: 0, fragments: 0, seq: 0, msg_id: 0 };
  /** What {@link remainingOf} has made. */
  readonly #remaining: (string | undefined)[] = [];

  /** @param ignore what is not compared. */
  constructor(
    readonly protocol: Protocol,
    readonly ignore: readonly FieldPath[] = [],
  ) {
    this.held = new HeldMessages(protocol.limits.content);
    this.#functions = functionsOf(protocol);
    this.#record = new LazyRecord(headerReader(protocol), false);
    this.#other = new LazyRecord(headerReader(protocol), false);
  }

  /** The message is not needed any more. */
  release(entry: DiffEntry): void {
    this.held.release(entry);
    if (this.ignore.length > 0) this.#remaining[entry] = undefined;
  }

  /**
   * The record of a message, without where and when it was captured. Valid until the next call: most are one object,
   * whose payload is decoded when somebody asks for it.
   */
  recordOf(entry: DiffEntry): CaptureRecord {
    return this.#recordAs(this.#record, entry);
  }

  /** The keys of a message that are compared, as an object. */
  contentOf(entry: DiffEntry): JsonObject {
    const fields = keysOfContents.toJson(this.recordOf(entry), this.protocol);
    for (const path of this.ignore) removeField(fields, path);
    return fields;
  }

  /** JSON of what is compared besides `seq`, where fields are left out. */
  remainingOf(entry: DiffEntry): string {
    const made = this.#remaining[entry];
    if (made !== undefined) return made;
    const fields = this.contentOf(entry);
    delete fields.seq;
    const text = JSON.stringify(fields);
    this.#remaining[entry] = text;
    return text;
  }

  /** The fields in which two messages differ. */
  changes(a: DiffEntry, b: DiffEntry): FieldChange[] {
    if (this.ignore.length > 0) return fieldChanges(this.contentOf(a), this.contentOf(b));
    const [before, after] = [this.recordOf(a), this.#recordAs(this.#other, b)];
    return fieldChanges(...keysOfContents.differing(before, after, this.protocol));
  }

  #recordAs(record: LazyRecord, entry: DiffEntry): CaptureRecord {
    const { held } = this;
    const special = held.special(entry);
    if (special !== undefined) return special;
    const header = this.#header;
    const size = held.size(entry);
    const start = held.payloadStart(entry);
    header.type = held.typeCode(entry);
    header.seq = held.seq(entry);
    header.msg_id = held.id(entry);
    record.single(packet, size, noIssues, true);
    record.begin(header, this.#functions.of(header.msg_id), held.view, start, start + size);
    record.no = held.no(entry);
    record.from = held.from(entry);
    record.to = held.to(entry);
    return record;
  }
}
