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
}

/** One line for people: `truncated at mem_handle, offset 4: expected 4, actual 2`. */
export function formatIssue(issue: Issue): string {
  const where = issue.path === '' ? '' : ` at ${issue.path}`;
  const text = `${issue.code}${where}, offset ${issue.offset}: expected ${issue.expected}, actual ${issue.actual}`;
  return printable(text);
}

/** An error that carries an {@link Issue}: base of both error classes. */
abstract class IssueError extends Error implements Issue {
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;

  constructor(issue: Issue, text: string) {
    super(text);
    this.code = issue.code;
    this.path = issue.path;
    this.offset = issue.offset;
    this.expected = issue.expected;
    this.actual = issue.actual;
  }
}

/**
 * Bytes or values do not fit the protocol. Codec, framing, hex and capture readers throw nothing else for bytes from
 * outside. Any other exception is a defect of this project.
 */
export class WireError extends IssueError {
  override readonly name = 'WireError';
  readonly #context: string;

  /** @param context where it is, in front of the text: `line 3: `. */
  constructor(issue: Issue, context = '') {
    super(issue, printable(context) + formatIssue(issue));
    this.#context = context;
  }

  /** The same error seen from outside. @param context of a file, a line. @param outer what is said otherwise there. */
  within(context: string, outer: Partial<Issue> = {}): WireError {
    const { code, path, offset, expected, actual } = this;
    return new WireError({ code, path, offset, expected, actual, ...outer }, context + this.#context);
  }
}

/** The caller asked for something impossible: an unknown message, a payload too long to send, a bad filter. */
export class UsageError extends IssueError {
  override readonly name = 'UsageError';

  constructor(issue: Omit<Issue, 'offset'>, context = '') {
    const where = issue.path === '' ? '' : ` at ${issue.path}`;
    super(
      { ...issue, offset: 0 },
      printable(`${context}${issue.code}${where}: expected ${issue.expected}, actual ${issue.actual}`),
    );
  }
}
