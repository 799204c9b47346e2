import type { Json } from '../capture/payload/index.js';

/**
 * What `describe --json` prints: the declarations as plain data with stable keys (snake_case, as in NDJSON). Sizes and
 * offsets are in bytes; offsets count from the first payload byte, in replies from behind the error word; null = not
 * always the same, or behind something of variable length. A key that does not apply is absent.
 */
export type Description = (MessageFacts | NamesFacts | StructFacts | ErrorFacts) & {
  /** Things whose name differs in letter case only. */
  readonly see_also?: readonly string[];
};

/** Size of a payload. */
export interface SizeFacts {
  /** Exact, or null when it varies. */
  readonly size: number | null;
  /** Smallest well-formed size: lists and texts empty, optional parts absent. */
  readonly size_min: number;
  /** Replies: the error word alone is a success too; then the sizes are those of the others. */
  readonly may_be_empty: boolean;
}

/** One message in the table of all. Sizes are null where no layout is public. */
export interface MessageSummary {
  /** `0x56000009` */
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly kind: 'call' | 'notification';
  readonly family: string;
  /** Labels of the sources that define it, and of those that define only its number. */
  readonly sources: readonly string[];
  readonly id_only_in: readonly string[];
  /** Calls: RM23 has a handler (else it answers UNIMPLEMENTED). Notifications: RM23 sends it. */
  readonly rm23: boolean;
  readonly request?: SizeFacts | null;
  readonly reply?: SizeFacts | null;
  readonly error_reply?: SizeFacts;
  readonly notification?: SizeFacts;
}

/** A group of messages with one subject. */
export interface FamilyFacts {
  readonly name: string;
  readonly title: string;
  readonly doc: string;
  readonly messages: readonly MessageSummary[];
}

/** Everything about one message. */
export interface MessageFacts
  extends Omit<MessageSummary, 'request' | 'reply' | 'error_reply' | 'notification'> {
  readonly family_title: string;
  readonly doc: string;
  readonly layout: 'known' | 'unknown';
  /** RM23's length rule; `min` counts even where the fields would allow less. */
  readonly length?: {
    readonly exact?: number;
    readonly min?: number;
    readonly excess?: string;
    readonly empty_payload?: string;
  };
  /** Who may send it, and who receives it. */
  readonly sender?: string;
  readonly to?: string;
  readonly triggers: readonly string[];
  readonly parts: readonly PartFacts[];
  /** Enums, flags and structs that the parts use, in order of use. */
  readonly types: readonly (NamesFacts | StructFacts)[];
  readonly notes: readonly string[];
  readonly dialects: readonly { readonly sources: readonly string[]; readonly text: string }[];
}

/** Request, reply, error reply or notification. */
export interface PartFacts extends SizeFacts {
  readonly part: 'request' | 'reply' | 'error_reply' | 'notification';
  /** When a reply that may be empty is not: a condition on the request. */
  readonly present_when?: {
    readonly field: string;
    readonly equals?: number | string;
    readonly is?: 'empty';
  };
  readonly note?: string;
  /** More than one when the request decides; then each says by which `field` of the request and which value. */
  readonly layouts: readonly {
    readonly when?: { readonly field: string; readonly equals: string };
    readonly rows: readonly RowFacts[];
  }[];
  readonly example: {
    /** Name in the error word of replies. */
    readonly error?: string;
    readonly payload: Json;
    /** Hex of the payload behind the error word. */
    readonly payload_bytes: string;
    /** Hex of each queue message: 8-byte header, in replies the error word, payload. Sequence number 1. */
    readonly frames: readonly string[];
  };
}

/** One row of a layout table: a field, or the count in front of a list. */
export interface RowFacts {
  readonly kind: 'field' | 'reserved' | 'count' | 'list';
  readonly name: string;
  readonly offset: number | null;
  readonly size: number | null;
  /** `u16`, the name of an enum, flags or struct, `bytes`, `text`, `acl_entry[]`. */
  readonly type: string;
  readonly doc: string;
  readonly role?: string;
  readonly aliases?: readonly string[];
  /** RM's limit on the value (of a count: on the entries) and the error that it answers above it. */
  readonly max?: number;
  readonly above_max?: string;
  /** Reserved: the error that RM answers unless it is 0. */
  readonly checked_zero?: string;
  /** The payload may end before it. */
  readonly trailing?: true;
  /** Only there with one of these bits of a flags field. */
  readonly when?: { readonly field: string; readonly any: readonly string[] };
  /** What leaving it out stands for. */
  readonly means?: string;
  /** Integer: bytes in that field. Count: entries in that list. */
  readonly counts?: string;
  /** Bytes: the field that holds their number; zeros follow up to a multiple of `pad_to`, checked by RM or not. */
  readonly length_from?: string;
  readonly pad_to?: number;
  readonly pad_checked?: string;
  /** Bytes: raw when that field has one of these values, else text. */
  readonly raw_when?: { readonly field: string; readonly any: readonly (string | number)[] };
  /** Bytes: the struct that they hold. */
  readonly inside?: string;
  /** List: size of an entry, null when it varies. */
  readonly entry_size?: number | null;
  /** List: the entry type by the value of an earlier field. */
  readonly select?: { readonly field: string; readonly cases: Readonly<Record<string, string>> };
}

/** An enum or a flag set. */
export interface NamesFacts {
  readonly kind: 'enum' | 'flags';
  readonly name: string;
  readonly size: number;
  readonly doc: string;
  /** Values, of flags the bits. `known_by`: only these sources have it. */
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    readonly aliases?: readonly string[];
    readonly known_by?: readonly string[];
  }[];
  /** Values that only some sources have, or (`replaces`) a table of their own. */
  readonly dialects: readonly {
    readonly sources: readonly string[];
    readonly values: Readonly<Record<string, number>>;
    readonly replaces: boolean;
  }[];
  /** Flags: the only combinations that RM takes. */
  readonly valid?: readonly number[];
  readonly exactly_one?: true;
  readonly notes: readonly string[];
  /** Names of the messages that have it. */
  readonly used_by: readonly string[];
}

/** A struct that messages share, or the RPC header. */
export interface StructFacts {
  readonly kind: 'struct';
  readonly name: string;
  readonly size: number | null;
  readonly size_min: number;
  readonly rows: readonly RowFacts[];
  readonly used_by: readonly string[];
  /** What its fields are made of; only of a struct that is described on its own. */
  readonly types?: readonly (NamesFacts | StructFacts)[];
}

/** The error codes. */
export interface ErrorFacts {
  readonly kind: 'errors';
  readonly name: string;
  readonly doc: string;
  /** `errno`: the errno name that each client makes of it. */
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    readonly aliases?: readonly string[];
    readonly errno: Readonly<Record<string, string>>;
  }[];
  /** Client of `errno` → the sources that have its table. */
  readonly clients: Readonly<Record<string, readonly string[]>>;
  /** What clients make of other codes. */
  readonly unknown: Readonly<
    Record<string, { readonly by_code: Readonly<Record<string, string>>; readonly otherwise: string }>
  >;
  readonly notes: readonly string[];
}
