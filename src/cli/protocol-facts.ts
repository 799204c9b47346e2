import { errnoClients, unknownErrno } from '../../schemas/errors.js';
import { everyone, linux, qualcomm } from '../../schemas/sources.js';
import type { SourceGroup } from '../docs/sources-text.js';
import type { ErrnoTables } from '../docs/type-facts.js';
import { errnoNumbers } from '../host/index.js';

/** Facts about the errno names in the protocol that `protocol` does not hold. */
export const errnoTables: ErrnoTables = {
  clients: errnoClients,
  unknown: unknownErrno,
  numbers: errnoNumbers,
};

/** Short names for sources that often occur together (messages.md, "Sources"). */
export const sourceGroups: readonly SourceGroup[] = [
  { name: 'all', sources: everyone },
  { name: 'Linux', sources: linux },
  { name: 'q*', sources: qualcomm },
];
