/**
 * What was wrong with bytes from outside, as data. Every decoder, reader and parser of this project reports
 * its findings in this one shape, so that tools print it and tests compare it without reading prose.
 */
export interface Issue {
  /** Stable name of the rule that was broken, for programs. */
  readonly code: string;
  /** Field path, for example `sgl_entries[3].size`; empty when no field is concerned. */
  readonly path: string;
  /** Byte offset; what it counts from is said where the issue is made. */
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;
}

/** One line for people: `truncated at mem_handle (offset 4): expected 4, actual 2`. */
export function describeIssue(issue: Issue): string {
  const where = issue.path === '' ? '' : ` at ${issue.path}`;
  return `${issue.code}${where} (offset ${issue.offset}): expected ${issue.expected}, actual ${issue.actual}`;
}

/**
 * Bytes from outside broke a rule (remote misbehaviour). The only error that decoding, reassembly and the
 * capture readers throw whatever the input; anything else that escapes them is a defect of this project.
 */
export class WireError extends Error implements Issue {
  override readonly name: string = 'WireError';
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;

  constructor(issue: Issue, context = '') {
    super(context + describeIssue(issue));
    this.code = issue.code;
    this.path = issue.path;
    this.offset = issue.offset;
    this.expected = issue.expected;
    this.actual = issue.actual;
  }
}

/** The caller asked for something that cannot be: a value out of range, an unknown name, a wrong state. */
export class UsageError extends Error implements Issue {
  override readonly name: string = 'UsageError';
  readonly code: string;
  readonly path: string;
  readonly offset: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;

  constructor(issue: Omit<Issue, 'offset'> & { offset?: number }, context = '') {
    const full = { offset: 0, ...issue };
    super(
      `${context}${issue.code}${issue.path === '' ? '' : ` at ${issue.path}`}: expected ${issue.expected}, actual ${issue.actual}`,
    );
    this.code = full.code;
    this.path = full.path;
    this.offset = full.offset;
    this.expected = full.expected;
    this.actual = full.actual;
  }
}
