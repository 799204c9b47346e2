/** A fault of a recorded Linux client that ours reports instead of having it (client.md, section 11). */
export interface Hazard {
  /** Stable name, for programs. */
  readonly name: string;
  /** Clients that have it, by the labels of client.md. */
  readonly clients: readonly string[];
  /**
   * What the real client does. The first four are faults of its memory or its time; with `malformed_request` it sends
   * what RM cannot read, with `wrong_request` it asks RM, or accepts from its caller, what it should not, with
   * `wrong_result` it succeeds with something else than RM said.
   */
  readonly effect:
    | 'crash'
    | 'never_returns'
    | 'uninitialised_memory'
    | 'leak'
    | 'malformed_request'
    | 'wrong_request'
    | 'wrong_result';
  readonly doc: string;
}
