import { type ErrnoClient, type ErrorName, errno, error, unknownErrno } from '../../schemas/index.js';
import { formatId } from '../schema/index.js';
import type { Errno } from './errno.js';
import { HostError } from './error.js';

const names = new Map<number, ErrorName>(
  Object.entries(error.values).map(([name, code]) => [code, name as ErrorName]),
);

/** Name of an error code of RM; hex text for an unknown one. */
export function rmErrorName(code: number): string {
  return names.get(code) ?? formatId(code);
}

/** The errno that a client returns for an error word other than OK (messages.md, "Error codes"). */
function rmErrno(code: number, client: ErrnoClient): Errno {
  const name = names.get(code);
  const { byCode, otherwise } = unknownErrno[client];
  return (name === undefined ? (byCode[code] ?? otherwise) : errno[name][client]) as Errno;
}

/** The error of a call that RM answered with the error word `code`, whose name is in `actual`. */
export function rmError(call: string, code: number, client: ErrnoClient): HostError {
  const fault = { code: 'rm_error', path: 'error', expected: 'OK', actual: rmErrorName(code) };
  return new HostError(call, rmErrno(code, client), 'rm', fault);
}

/** Errnos for errors of queue hypercalls that are the same for all clients (client.md, section 3). */
const hypervisorErrno: Readonly<Record<number, Errno>> = {
  [-1]: 'EOPNOTSUPP',
  10: 'ENOMEM',
  30: 'EACCES',
  31: 'EBUSY',
  32: 'EBUSY',
  50: 'EACCES',
  51: 'EACCES',
  52: 'EACCES',
  53: 'EACCES',
};

/** Those that differ. */
const hypervisorErrnoOf: Readonly<Record<ErrnoClient, Readonly<Record<number, Errno>>>> = {
  mainline: { [-2]: 'EAGAIN', 40: 'EIO', 41: 'EIO', 54: 'EBUSY', 60: 'EIO', 61: 'EIO' },
  q515: { [-2]: 'EINVAL', 40: 'EPERM', 41: 'EPERM', 54: 'EACCES', 60: 'EPERM', 61: 'EPERM' },
};

/** The errno that a client returns for an error of a queue hypercall. */
export function queueErrno(code: number, client: ErrnoClient): Errno {
  return hypervisorErrno[code] ?? hypervisorErrnoOf[client][code] ?? 'EINVAL';
}
