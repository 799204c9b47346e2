import type { SourceGroup } from '../docs/sources-text.js';
import type { ErrnoTables } from '../docs/type-facts.js';
import type { Protocol } from '../schema/index.js';

/** A rule of `lint` about a message that comes without a payload. */
export interface EmptyPayloadHazard {
  /** Of the header. */
  readonly type: number;
  readonly id: number;
  readonly rule: {
    readonly id: string;
    readonly level: string;
    readonly peers: readonly string[];
    readonly why: string;
  };
}

/** What tools that see one message at a time can say about its dangers. */
export interface Hazards {
  readonly emptyPayload: readonly EmptyPayloadHazard[];
  /** Id of the rule for what a decoder finds wrong, by its code. */
  readonly ruleOfCode: (code: string) => string | undefined;
}

/** What an export is made from: the protocol, and facts about it that it does not hold itself. */
export interface ExportContext {
  readonly protocol: Protocol;
  readonly errno: ErrnoTables;
  readonly groups: readonly SourceGroup[];
  readonly hazards: Hazards;
}

/**
 * Types sorted by name. The protocol lists enums and flags in the order of a module's exports, which is not the same in
 * all runtimes and bundlers.
 */
export function byLabel<T extends { readonly label: string }>(types: readonly T[]): T[] {
  return [...types].sort((a, b) => (a.label < b.label ? -1 : 1));
}
