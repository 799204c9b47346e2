import type { SourceGroup } from '../docs/sources-text.js';
import type { ErrnoTables } from '../docs/type-facts.js';
import type { Protocol } from '../schema/index.js';

/** What an export is made from: the protocol, and facts about it that it does not hold itself. */
export interface ExportContext {
  readonly protocol: Protocol;
  readonly errno: ErrnoTables;
  readonly groups: readonly SourceGroup[];
}

/**
 * Types sorted by name. The protocol lists enums and flags in the order of a module's exports, which is not the same in
 * all runtimes and bundlers.
 */
export function byLabel<T extends { readonly label: string }>(types: readonly T[]): T[] {
  return [...types].sort((a, b) => (a.label < b.label ? -1 : 1));
}
