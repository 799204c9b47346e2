/** A fault of a recorded Linux client that ours reports instead of having it (client.md, section 11). */
export interface Hazard {
  /** Stable name, for programs. */
  readonly name: string;
  /** Clients that have it, by the labels of client.md. */
  readonly clients: readonly string[];
  /** What the real client does. */
  readonly effect: 'crash' | 'never_returns' | 'uninitialised_memory' | 'leak' | 'wrong_request';
  readonly doc: string;
}
