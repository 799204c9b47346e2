import { viewOf } from '../../base/bytes.js';
import type { Issue } from '../../base/error.js';
import { type Message, MessageType, type MessageTypeName, type Payload } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type DecodedPayload, decodePayload } from '../payload/index.js';
import type { RecordContents } from './record.js';

/** What is known of each whole message besides what its payload's bytes mean. */
export type WholeContents = Omit<
  RecordContents,
  'type' | 'seq' | 'id' | 'bytes' | 'incomplete' | 'queue' | keyof Omit<DecodedPayload, 'error' | 'layout'>
> & {
  readonly type: MessageTypeName;
  readonly seq: number;
  readonly id: number;
};

/** What a whole message says, with bytes of its own, which are decoded when somebody asks for its fields. */
export class KeptMessage implements RecordContents {
  readonly no: number;
  readonly from: number;
  readonly to: number;
  readonly type: MessageTypeName;
  readonly seq: number;
  /** As a signed number, which V8 keeps without an object of its own. */
  readonly #id: number;
  readonly message: Message | undefined;
  readonly error: number | undefined;
  readonly duplicateOf: number | undefined;
  readonly layout: Payload | undefined;
  /** Value of the request that a reply answers. */
  readonly asked: Values | undefined;
  /** Issues of the packets, which come before those of the payload. */
  readonly packetIssues: readonly Issue[];
  /** The payload is at its end, from `#start`, until somebody asks for it alone. */
  #bytes: Uint8Array;
  #start: number;
  #decoded: DecodedPayload | undefined;

  /**
   * @param bytes nobody changes them. The payload begins at `start`, and goes to their end.
   * @param decoded what it means, if that is known.
   */
  constructor(
    record: WholeContents,
    bytes: Uint8Array,
    start: number,
    asked: Values | undefined,
    packetIssues: readonly Issue[],
    decoded?: DecodedPayload,
  ) {
    this.no = record.no;
    this.from = record.from;
    this.to = record.to;
    this.type = record.type;
    this.seq = record.seq;
    this.#id = record.id | 0;
    this.message = record.message;
    this.error = record.error;
    this.duplicateOf = record.duplicateOf;
    this.layout = record.layout;
    this.asked = asked;
    this.packetIssues = packetIssues;
    this.#bytes = bytes;
    this.#start = start;
    this.#decoded = decoded;
  }

  get id(): number {
    return this.#id >>> 0;
  }
  get queue(): undefined {
    return undefined;
  }
  get incomplete(): false {
    return false;
  }
  get bytes(): Uint8Array {
    if (this.#start > 0) {
      this.#bytes = this.#bytes.subarray(this.#start);
      this.#start = 0;
    }
    return this.#bytes;
  }
  get payload(): Values | undefined {
    return this.#all.payload;
  }
  get complete(): boolean {
    return this.#all.complete;
  }
  get rest(): Uint8Array | undefined {
    return this.#all.rest;
  }
  get raw(): Uint8Array | undefined {
    return this.#all.raw;
  }
  get issues(): readonly Issue[] {
    const { issues } = this.#all;
    return this.packetIssues.length === 0 ? issues : [...this.packetIssues, ...issues];
  }

  get #all(): DecodedPayload {
    const { message, type } = this;
    const bytes = this.#bytes;
    this.#decoded ??= decodePayload(
      message,
      MessageType[type],
      viewOf(bytes),
      this.#start,
      bytes.length,
      this.asked,
    );
    return this.#decoded;
  }
}
