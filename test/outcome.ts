import { formatIssue, type Issue, WireError } from '../src/base/error.js';

/** What came of something that either gives a value or refuses with a WireError; anything else passes through. */
export type Outcome<T> =
  | { readonly value: T; readonly issue?: undefined }
  | { readonly value?: undefined; readonly issue: Issue };

export function outcomeOf<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const { code, path, offset, expected, actual } = error;
    const issue = { code, path, offset, expected, actual };
    if (error.message !== formatIssue(issue)) throw new Error(`message and data differ: ${error.message}`);
    return { issue };
  }
}

/** The issue of something that must be refused. */
export function issueOf(run: () => unknown): Issue {
  const { issue } = outcomeOf(run);
  if (issue === undefined) throw new Error('not refused');
  return issue;
}
