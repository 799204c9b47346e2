import type { Json } from '../capture/payload/index.js';

/**
 * What `describe --json` prints: the declarations as plain data with stable keys (snake_case, as in NDJSON). Sizes and
 * offsets are in bytes. Offsets count from the first payload byte, in replies from the first byte behind the error
 * word. A size is null if it varies, an offset if something of variable length comes before. Keys that do not apply
 * are absent.
 */
export type Description = (MessageFacts | NamesFacts | StructFacts | ErrorFacts | WordFacts) & {
  /** Names that differ from this one in letter case only. */
  readonly see_also?: readonly string[];
};

export interface SizeFacts {
  /** Exact, or null when it varies. */
  readonly size: number | null;
  /** Smallest well-formed size: lists and texts empty, optional parts absent. */
  readonly size_min: number;
  /** A successful reply may consist of the error word alone. The sizes are those of replies that have more. */
  readonly may_be_empty: boolean;
}

/** A message in the table of all messages. Sizes are null where no layout is public. */
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
  /** Calls: RM23 has a handler; without one it answers UNIMPLEMENTED. Notifications: RM23 sends it. */
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

/** How a manager answers a message. */
export interface HandlerFacts {
  /** Its checks, in order, before it reads what the request asks for. */
  readonly checks: readonly { readonly check: string; readonly error?: string }[];
}

/** How another manager answers a message than the public one of December 2023. Never a recorded fact. */
export interface OtherManagerFacts extends HandlerFacts {
  readonly manager: string;
  /** Choices that no public source confirms, and what would tell whether they are right. */
  readonly assumed: readonly { readonly assumption: string; readonly would_tell: string }[];
  /** If only the number of the message is public: the layouts that this manager assumes. */
  readonly request?: readonly RowFacts[];
  readonly reply?: readonly RowFacts[];
}

/** Everything about one message. */
export interface MessageFacts
  extends Omit<MessageSummary, 'request' | 'reply' | 'error_reply' | 'notification'> {
  readonly family_title: string;
  readonly doc: string;
  readonly layout: 'known' | 'unknown';
  /** RM23's rule for the payload length. `min` applies even where the fields would allow less. */
  readonly length?: {
    readonly exact?: number;
    readonly min?: number;
    readonly excess?: string;
    readonly empty_payload?: string;
  };
  /** Who may send it, and who receives it. */
  readonly sender?: string;
  readonly to?: string;
  /** How the simulated manager answers it: its checks in order. Null: with UNIMPLEMENTED. Absent: not known here. */
  readonly simulated?: HandlerFacts | null;
  /** Other simulated managers that answer it in a way of their own. */
  readonly other_managers?: readonly OtherManagerFacts[];
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
  /** For replies that may be the error word alone: the condition on the request under which the reply has more. */
  readonly present_when?: {
    readonly field: string;
    readonly equals?: number | string;
    readonly is?: 'empty';
  };
  readonly note?: string;
  /** More than one if the request decides on the layout. Then `when` names the field of the request and its value. */
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
  /** RM's limit on the value, of a count on the entries, and the error that RM answers above it. */
  readonly max?: number;
  readonly above_max?: string;
  /** Reserved fields: the error that RM answers if they are not 0. */
  readonly checked_zero?: string;
  /** The payload may end before it. */
  readonly trailing?: true;
  /** The field is present only if one of these bits of a flags field is set. */
  readonly when?: { readonly field: string; readonly any: readonly string[] };
  /** The meaning of leaving the field out. */
  readonly means?: string;
  /** The field whose bytes an integer counts, or the list whose entries a count counts. */
  readonly counts?: string;
  /**
   * Bytes: the field that holds their number. Zeros follow up to a multiple of `pad_to`. `pad_checked` is the error
   * that RM answers if they are not zero; without it RM does not check them.
   */
  readonly length_from?: string;
  readonly pad_to?: number;
  readonly pad_checked?: string;
  /** Bytes are raw if that field has one of these values, otherwise text. */
  readonly raw_when?: { readonly field: string; readonly any: readonly (string | number)[] };
  /** The struct that the bytes hold. */
  readonly inside?: string;
  /** Size of a list entry, null if it varies. */
  readonly entry_size?: number | null;
  /** The entry type of a list for each value of an earlier field. */
  readonly select?: { readonly field: string; readonly cases: Readonly<Record<string, string>> };
}

/** An enum or a flag set. */
export interface NamesFacts {
  readonly kind: 'enum' | 'flags';
  readonly name: string;
  readonly size: number;
  readonly doc: string;
  /** The values of an enum or the bits of a flag set. `known_by` lists the sources, unless all know the value. */
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    readonly aliases?: readonly string[];
    readonly known_by?: readonly string[];
  }[];
  /** More values that some sources have. With `replaces` these are all values that the sources have. */
  readonly dialects: readonly {
    readonly sources: readonly string[];
    readonly values: Readonly<Record<string, number>>;
    readonly replaces: boolean;
  }[];
  /** The only combinations of flags that RM accepts. */
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
  /** The types of its fields, present if the struct is described on its own. */
  readonly types?: readonly (NamesFacts | StructFacts)[];
}

export interface ErrorFacts {
  readonly kind: 'errors';
  readonly name: string;
  readonly doc: string;
  /** `errno` is the errno name that each client uses. */
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    readonly aliases?: readonly string[];
    readonly errno: Readonly<Record<string, string>>;
  }[];
  /** The sources that have the table of each client in `errno`. */
  readonly clients: Readonly<Record<string, readonly string[]>>;
  /** The errno names that clients use for other codes. */
  readonly unknown: Readonly<
    Record<string, { readonly by_code: Readonly<Record<string, string>>; readonly otherwise: string }>
  >;
  readonly notes: readonly string[];
}

/** What a word means that names no declaration of its own: values, errors and fields of that name. */
export interface WordFacts {
  readonly kind: 'word';
  readonly name: string;
  /** Values of enums, bits of flag sets and error codes. Those of an errno are the errors that clients turn into it. */
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    /** `error`, or the name of the enum or flag set. */
    readonly of: string;
    readonly doc: string;
    /** When it is used, if its name does not say it. */
    readonly meaning?: string;
    /** Errors: the errno name that each client uses. */
    readonly errno?: Readonly<Record<string, string>>;
  }[];
  /** Fields of messages and of structs. */
  readonly fields: readonly {
    /** Name of the message or struct. */
    readonly of: string;
    readonly part?: PartFacts['part'];
    readonly name: string;
    readonly type: string;
    readonly offset: number | null;
    readonly doc: string;
  }[];
}
