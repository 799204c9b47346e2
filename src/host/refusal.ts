import type { Issue } from '../base/error.js';
import type { Errno } from './errno.js';
import { HostError } from './error.js';

/** Makes the error of a call or ioctl that ends before RM is called. */
export type Refuser = (
  errno: Errno,
  code: string,
  expected: Issue['expected'],
  actual: Issue['actual'],
) => HostError;

/**
 * The local errors of one call or ioctl about one thing.
 *
 * @param call name of the call or ioctl.
 * @param path what the error is about. @param offset its address or handle.
 */
export function refuser(call: string, path = '', offset: bigint | number = 0): Refuser {
  return (errno, code, expected, actual) =>
    new HostError(call, errno, 'local', { code, path, offset: Number(offset), expected, actual });
}

/** A failed call to RM as the error of the ioctl that made it. The path names both: `region[label 2].MEM_LEND`. */
export function failureOf(ioctl: string, error: HostError, about: string): HostError {
  const path = [about, error.call, error.path].filter((part) => part !== '').join('.');
  const { code, offset, expected, actual, errno, endedBy, hazard } = error;
  return new HostError(ioctl, errno, endedBy, { code, path, offset, expected, actual }, hazard);
}
