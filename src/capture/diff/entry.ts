import { viewOf } from '../../base/bytes.js';
import type { Issue } from '../../base/error.js';
import { headerReader } from '../../rpc/index.js';
import { type Header, MessageType, type MessageTypeName, type Protocol } from '../../schema/index.js';
import { type JsonObject, keysOfContents } from '../keys/index.js';
import { emptyPacket } from '../packets/index.js';
import { functionsOf, type ProtocolFunctions } from '../payload/index.js';
import { type CaptureRecord, LazyRecord, type RecordType } from '../records/index.js';
import { type FieldPath, removeField } from './ignore.js';

const noIssues: readonly Issue[] = [];
const packet = emptyPacket();

/** What the messages of a comparison share, and how their contents are had. */
export class Comparison {
  readonly #functions: ProtocolFunctions;
  readonly #record: LazyRecord;
  readonly #header: Header = { api_version: 1, header_words: 2, type: 0, fragments: 0, seq: 0, msg_id: 0 };
  #block: Uint8Array = new Uint8Array(0);
  #view = viewOf(this.#block);

  /** @param ignore what is not compared. */
  constructor(
    readonly protocol: Protocol,
    readonly ignore: readonly FieldPath[] = [],
  ) {
    this.#functions = functionsOf(protocol);
    this.#record = new LazyRecord(headerReader(protocol), false);
  }

  /**
   * The record of a message, without where and when it was captured. Valid until the next call: most are one object,
   * whose payload is decoded when somebody asks for it.
   */
  recordOf({ special, no, from, to, type, seq, id, block, start, end }: DiffEntry): CaptureRecord {
    if (special !== undefined) return special;
    if (block !== this.#block) {
      this.#block = block;
      this.#view = viewOf(block);
    }
    const record = this.#record;
    const header = this.#header;
    header.type = MessageType[type as MessageTypeName];
    header.seq = seq as number;
    header.msg_id = id as number;
    record.single(packet, end - start, noIssues, true);
    record.begin(header, this.#functions.of(header.msg_id), this.#view, start, end);
    record.no = no;
    record.from = from as number;
    record.to = to as number;
    return record;
  }

  /** The keys of a message that are compared, as an object. */
  contentOf(entry: DiffEntry): JsonObject {
    const fields = keysOfContents.toJson(this.recordOf(entry), this.protocol);
    for (const path of this.ignore) removeField(fields, path);
    return fields;
  }
}

/**
 * A message as it is compared. Thousands are held for some time, and so they are small: records of most are made when
 * they are printed.
 */
export interface DiffEntry {
  readonly comparison: Comparison;
  /** The record's number in its capture. */
  readonly no: number;
  /** By these five messages are paired whose contents differ. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly type: RecordType | undefined;
  readonly seq: number | undefined;
  readonly id: number | undefined;
  /** 30 bits, equal for messages that differ in `seq` at most. */
  readonly hash: number;
  /** Bytes of memory, about. */
  readonly size: number;
  /** The payload is bytes [start, end) of this, which several messages share. */
  readonly block: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The record of a message that is more than its bytes: in several packets, with a comment or issues. */
  readonly special: CaptureRecord | undefined;
  /** What {@link remainingOf} has made. */
  remaining: string | undefined;
}

/** JSON of what is compared besides `seq`, where fields are left out. */
export function remainingOf(entry: DiffEntry): string {
  if (entry.remaining === undefined) {
    const fields = entry.comparison.contentOf(entry);
    delete fields.seq;
    entry.remaining = JSON.stringify(fields);
  }
  return entry.remaining;
}
