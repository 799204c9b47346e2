import type { Issue } from '../../base/error.js';
import type { Errno } from '../errno.js';
import { HostError } from '../error.js';

/** What an ioctl that refuses says: where, and what it wanted instead. */
type Refused = Pick<Issue, 'code' | 'path' | 'expected' | 'actual'> & { readonly offset?: bigint | number };

/**
 * The error of an ioctl that refuses before, or without, asking RM.
 *
 * @param call name of the ioctl.
 */
export function refusal(call: string, errno: Errno, { offset = 0, ...issue }: Refused): HostError {
  return new HostError(call, errno, 'local', { ...issue, offset: Number(offset) });
}

/** A failure of a call to RM as that of the ioctl which made it, with what it was about: `region[label 2].MEM_LEND`. */
export function failureOf(ioctl: string, error: HostError, about: string): HostError {
  const path = [about, error.call, error.path].filter((part) => part !== '').join('.');
  const { code, offset, expected, actual } = error;
  return new HostError(
    ioctl,
    error.errno,
    error.endedBy,
    { code, path, offset, expected, actual },
    error.hazard,
  );
}
