import type { SourceGroup } from '../docs/sources-text.js';
import type { ErrnoTables } from '../docs/type-facts.js';
import type { Protocol } from '../schema/index.js';

/** What an export is made from: the protocol, and what is known about it beside. */
export interface ExportContext {
  readonly protocol: Protocol;
  readonly errno: ErrnoTables;
  readonly groups: readonly SourceGroup[];
}

/**
 * Types by name. The protocol lists enums and flags in the order of a module's exports, in which the programs that run
 * modules differ.
 */
export function byLabel<T extends { readonly label: string }>(types: readonly T[]): T[] {
  return [...types].sort((a, b) => (a.label < b.label ? -1 : 1));
}
