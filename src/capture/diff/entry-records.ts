import { viewOf } from '../../base/bytes.js';
import type { Issue } from '../../base/error.js';
import { headerReader } from '../../rpc/index.js';
import { type Header, MessageType, type MessageTypeName, type Protocol } from '../../schema/index.js';
import { emptyPacket } from '../packets/index.js';
import { functionsOf, type ProtocolFunctions } from '../payload/index.js';
import { type CaptureRecord, LazyRecord } from '../records/index.js';
import { type DiffEntry, recordOf } from './entry.js';

const noIssues: readonly Issue[] = [];
const packet = emptyPacket();

/** Makes the records of entries that are printed: most are the same record again, whose payload is not decoded. */
export class EntryRecords {
  readonly #functions: ProtocolFunctions;
  readonly #record: LazyRecord;
  #block: Uint8Array = new Uint8Array(0);
  #view = viewOf(this.#block);

  readonly #header: Header = { api_version: 1, header_words: 2, type: 0, fragments: 0, seq: 0, msg_id: 0 };

  constructor(protocol: Protocol) {
    this.#functions = functionsOf(protocol);
    this.#record = new LazyRecord(headerReader(protocol), false);
  }

  /** As {@link recordOf}, but valid until the next call. */
  of(entry: DiffEntry): CaptureRecord {
    if (entry.special !== undefined) return recordOf(entry);
    const { no, from, to, type, seq, id, block, start, end } = entry;
    if (block !== this.#block) {
      this.#block = block;
      this.#view = viewOf(block);
    }
    const record = this.#record;
    const header = this.#header;
    header.type = MessageType[type as MessageTypeName];
    header.seq = seq as number;
    header.msg_id = id as number;
    record.single(packet, end - start, noIssues, false);
    record.begin(header, this.#functions.of(header.msg_id), this.#view, start, end);
    record.no = no;
    record.from = from as number;
    record.to = to as number;
    return record;
  }
}
