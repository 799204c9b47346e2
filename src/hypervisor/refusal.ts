import { formatIssue, type Issue } from '../base/error.js';
import { type Owner, ownerName } from './owner.js';

/**
 * What was wrong, in the order in which it is looked for:
 * - `component`: no such component, or source and target are one
 * - `size`, `address`, `rights`: no whole pages, beyond the address space, no access at all
 * - `state`: a page is not what it must be to the source
 * - `kind`: device memory where it was not said to be, or the other way round
 * - `identity`: the target has memory at its physical address only
 * - `mapped`: something is mapped at the target's address
 * - `borrowed`: the target has the page already; `not_borrowed`: it has it not, or elsewhere
 * - `tables`: no memory left for the tables of an address space
 */
export type RefusalCode =
  | 'component'
  | 'size'
  | 'address'
  | 'rights'
  | 'state'
  | 'kind'
  | 'identity'
  | 'mapped'
  | 'borrowed'
  | 'not_borrowed'
  | 'tables';

const errnos = {
  component: 'EINVAL',
  size: 'EINVAL',
  address: 'EINVAL',
  rights: 'EINVAL',
  state: 'EPERM',
  kind: 'EINVAL',
  identity: 'EINVAL',
  mapped: 'EPERM',
  borrowed: 'EPERM',
  not_borrowed: 'EPERM',
  tables: 'ENOMEM',
} as const satisfies Readonly<Record<RefusalCode, string>>;

/** Which range of whose a check looked at. */
export interface CheckedRange {
  /** What was asked for: `donate`, `map`, ... */
  readonly step: string;
  readonly side: 'source' | 'target';
  readonly owner: Owner;
  /** In its address space. */
  readonly start: number;
  readonly size: number;
}

/**
 * Why nothing was done. `path` is the side that failed its check, `offset` the address of the first page of its range
 * that did: in the address space of the component `owner`.
 */
export interface Refusal extends Issue, Omit<CheckedRange, 'side'> {
  readonly code: RefusalCode;
  readonly path: CheckedRange['side'];
  /** As the kernel's transitions answer. */
  readonly errno: (typeof errnos)[RefusalCode];
  /** Whose the page is; undefined: there is no page, or it does not matter. */
  readonly pageOwner: Owner | undefined;
}

export function refuse(
  { step, side, owner, start, size }: CheckedRange,
  code: RefusalCode,
  page: number,
  expected: Issue['expected'],
  actual: Issue['actual'],
  pageOwner?: Owner,
): Refusal {
  const errno = errnos[code];
  return { step, path: side, owner, start, size, code, errno, offset: page, expected, actual, pageOwner };
}

/** One line for people. */
export function formatRefusal(refusal: Refusal): string {
  const { step, errno, owner, start, size, pageOwner } = refusal;
  const range = `0x${start.toString(16)}..0x${(start + size).toString(16)}`;
  const of = pageOwner === undefined ? '' : `, a page of ${ownerName(pageOwner)}`;
  return `${step} ${range} of ${ownerName(owner)}: ${errno}: ${formatIssue(refusal)}${of}`;
}
