import { formatRefusal, type HypercallResult } from '../hypervisor/index.js';
import type { Errno } from './errno.js';
import { HostError } from './error.js';

/** Errors of hypercalls as mainline turns them into errnos (client.md, section 3). Others are EINVAL. */
const errnos: Readonly<Record<number, Errno>> = {
  [-1]: 'EOPNOTSUPP',
  [-2]: 'EAGAIN',
  10: 'ENOMEM',
  30: 'EACCES',
  31: 'EBUSY',
  32: 'EBUSY',
  40: 'EIO',
  41: 'EIO',
  50: 'EACCES',
  51: 'EACCES',
  52: 'EACCES',
  53: 'EACCES',
  54: 'EBUSY',
  60: 'EIO',
  61: 'EIO',
};

/** The error of a hypercall that was refused. `actual` names the page that was in the way, and its owner. */
export function hypercallError(name: string, { error, refusal }: HypercallResult): HostError {
  const actual = refusal === undefined ? error : formatRefusal(refusal);
  const fault = { code: 'hypercall', offset: refusal?.offset ?? 0, expected: 0, actual };
  return new HostError(name, errnos[error] ?? 'EINVAL', 'local', fault);
}
