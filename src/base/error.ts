import { printable } from './text.js';

/**
 * What was wrong, as data. Every decoder, encoder, reader and parser of this project reports in this one
 * shape, so that tools print it and tests compare it without reading prose.
 */
export interface Issue {
  /** Stable name of the rule that was broken, for programs: `truncated`, `range`, `magic`, ... */
  readonly code: string;
  /** Field path, for example `sgl_entries[3].size`; empty when no field is concerned. */
  readonly path: string;
  /** Byte offset. The function that reports the issue documents what it counts from. */
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;
  /** Where a name is expected: the possible names, from which people get suggestions. */
  readonly choice?: Choice;
}

/** The names that would have been accepted, and what they name: `message`, `field`, `option`. */
export interface Choice {
  readonly what: string;
  readonly names: readonly string[];
}

/** All fields of an issue in one line: `truncated at mem_handle, offset 4: expected 4, actual 2`. */
export function formatIssue(issue: Issue): string {
  const where = issue.path === '' ? '' : ` at ${issue.path}`;
  const text = `${issue.code}${where}, offset ${issue.offset}: expected ${issue.expected}, actual ${issue.actual}`;
  return printable(text);
}

/** The issue that an error carries. */
export function issueOf({ code, path, offset, expected, actual, choice }: Issue): Issue {
  return { code, path, offset, expected, actual, ...(choice && { choice }) };
}

/** An error that carries an {@link Issue}: base of both error classes. */
abstract class IssueError extends Error implements Issue {
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;
  declare readonly choice?: Choice;
  /** What stands in front of the message, such as `line 3: `. */
  readonly context: string;

  constructor(issue: Issue, context: string, text: string) {
    const shown = printable(context);
    super(shown + text);
    this.context = shown;
    this.code = issue.code;
    this.path = issue.path;
    this.offset = issue.offset;
    this.expected = issue.expected;
    this.actual = issue.actual;
    if (issue.choice !== undefined) this.choice = issue.choice;
  }
}

/**
 * Bytes or values do not fit the protocol. Codec, framing, hex and capture readers throw nothing else for bytes from
 * outside. Any other exception is a defect of this project.
 */
export class WireError extends IssueError {
  override readonly name = 'WireError';
  /** @param context where it is, in front of the text: `line 3: `. */
  constructor(issue: Issue, context = '') {
    super(issue, context, formatIssue(issue));
  }

  /** The same error seen from outside. @param context of a file, a line. @param outer replaces these properties. */
  within(context: string, outer: Partial<Issue> = {}): WireError {
    return new WireError({ ...issueOf(this), ...outer }, context + this.context);
  }
}

/**
 * What `read` returns.
 *
 * @param context where it reads: put before the text of a WireError.
 * @param outer replaces these properties of the WireError.
 */
export function inContext<T>(context: string, read: () => T, outer?: Partial<Issue>): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof WireError ? error.within(context, outer) : error;
  }
}

/** The caller asked for something impossible: an unknown message, a payload too long to send, a bad filter. */
export class UsageError extends IssueError {
  override readonly name = 'UsageError';

  constructor(issue: Omit<Issue, 'offset'>, context = '') {
    const where = issue.path === '' ? '' : ` at ${issue.path}`;
    super(
      { ...issue, offset: 0 },
      context,
      printable(`${issue.code}${where}: expected ${issue.expected}, actual ${issue.actual}`),
    );
  }
}
