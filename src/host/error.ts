import { formatIssue, type Issue } from '../base/error.js';
import type { Errno } from './errno.js';
import type { Hazard } from './hazard.js';

/**
 * Who ended a call: the client before RM had the request (`local`), RM by an error reply (`rm`), or the client because of
 * what RM sent or did not send (`reply`). After `reply` RM may have done what it was asked.
 */
export type EndedBy = 'local' | 'rm' | 'reply';

/** What was wrong: `path` is empty and `offset` 0 unless given. */
export type Fault = Omit<Issue, 'path' | 'offset'> & Partial<Pick<Issue, 'path' | 'offset'>>;

/**
 * A failed call to RM, or a failed ioctl of the VM manager: what the Linux client returns to its caller. What peers send
 * causes no other error; wrong use of this library is a UsageError.
 */
export class HostError extends Error implements Issue {
  override readonly name = 'HostError';
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;

  /**
   * @param call name of the call or ioctl: `VM_START`, `SET_USER_MEM_REGION`.
   * @param hazard the fault of the recorded client that this error stands for.
   */
  constructor(
    readonly call: string,
    readonly errno: Errno,
    readonly endedBy: EndedBy,
    fault: Fault,
    readonly hazard?: Hazard,
  ) {
    const issue = { path: '', offset: 0, ...fault };
    const avoided = hazard === undefined ? '' : ` (${hazard.name}: ${hazard.effect})`;
    super(`${call}: ${errno}: ${formatIssue(issue)}${avoided}`);
    ({ code: this.code, path: this.path, offset: this.offset } = issue);
    ({ expected: this.expected, actual: this.actual } = issue);
  }
}
