import { formatIssue, type Issue } from '../base/error.js';
import { type Owner, ownerName } from './owner.js';

/**
 * What is wrong, in the order of the checks:
 * - `component`: no such component, or source and target are the same
 * - `size`, `address`, `rights`: not whole pages, outside the address space, no access or unknown bits
 * - `state`: a page is not in the state that the source needs
 * - `kind`: device memory instead of normal memory, or the other way round
 * - `identity`: the target has memory at its physical address only
 * - `mapped`: something is mapped at the target's address
 * - `borrowed`: the target has the page already; `not_borrowed`: it does not have it, or at another address
 * - `tables`: no memory left for the tables of an address space
 * - `in_use`: the kernel of the VM that gives the page away has mapped or pinned it
 * - `limit`, `slot`, `flags`, `overlap`, `unknown`, `changed`: of a memory region of an internal VM
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
  | 'tables'
  | 'in_use'
  | 'limit'
  | 'slot'
  | 'flags'
  | 'overlap'
  | 'unknown'
  | 'changed';

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
  in_use: 'EBUSY',
  limit: 'EFAULT',
  slot: 'EINVAL',
  flags: 'EINVAL',
  overlap: 'EEXIST',
  unknown: 'EINVAL',
  changed: 'EINVAL',
} as const satisfies Readonly<Record<RefusalCode, string>>;

/** The range that a check looked at. */
export interface CheckedRange {
  /** The operation: `donate`, `map`, ... */
  readonly step: string;
  readonly side: 'source' | 'target';
  readonly owner: Owner;
  /** In its address space. */
  readonly start: number;
  readonly size: number;
}

/**
 * Why an operation was refused. `path` is the side that failed its check, `offset` the address of the first page that
 * failed, in the address space of the component `owner`.
 */
export interface Refusal extends Issue, Omit<CheckedRange, 'side'> {
  readonly code: RefusalCode;
  readonly path: CheckedRange['side'];
  /** As the kernel's transitions answer. */
  readonly errno: (typeof errnos)[RefusalCode];
  /** The page's owner. Undefined: there is no page, or it does not matter. */
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
