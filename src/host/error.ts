import { formatIssue, type Issue } from '../base/error.js';
import type { Errno } from './errno.js';
import type { Hazard } from './hazard.js';

/** Who ended a call: the client itself before anything was sent, RM by its error reply, or the client on what RM sent. */
export type EndedBy = 'local' | 'rm' | 'reply';

/**
 * A call to RM, or an ioctl of the VM manager, that failed: what the Linux client returns to its caller, as data. What
 * peers send causes nothing else; wrong use of this library is a UsageError.
 */
export class HostError extends Error implements Issue {
  override readonly name = 'HostError';
  /** Which call or ioctl, by the name of the protocol: `VM_START`, `SET_USER_MEM_REGION`. */
  readonly call: string;
  readonly errno: Errno;
  readonly endedBy: EndedBy;
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;
  /** The fault of the recorded client that was avoided here. */
  readonly hazard: Hazard | undefined;

  constructor(call: string, errno: Errno, endedBy: EndedBy, issue: Issue, hazard?: Hazard) {
    const avoided = hazard === undefined ? '' : ` (${hazard.name}: ${hazard.effect})`;
    super(`${call}: ${errno}: ${formatIssue(issue)}${avoided}`);
    this.call = call;
    this.errno = errno;
    this.endedBy = endedBy;
    this.code = issue.code;
    this.path = issue.path;
    this.offset = issue.offset;
    this.expected = issue.expected;
    this.actual = issue.actual;
    this.hazard = hazard;
  }
}
