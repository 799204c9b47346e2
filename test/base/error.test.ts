import { describe, expect, it } from 'vitest';
import { formatIssue, UsageError, WireError } from '../../src/base/error.js';

const issue = { code: 'truncated', path: 'sgl_entries[1].size', offset: 26, expected: 8, actual: 2 };

describe('errors are data', () => {
  it('a WireError says in its text what it holds', () => {
    const error = new WireError(issue);
    expect(error).toMatchObject({ ...issue, name: 'WireError' });
    expect(error.message).toBe('truncated at sgl_entries[1].size, offset 26: expected 8, actual 2');
    expect(error.message).toBe(formatIssue(issue));
    expect(new WireError(issue, 'line 3: ').message).toBe(`line 3: ${formatIssue(issue)}`);
  });

  it('leaves out a path that is not there', () => {
    expect(formatIssue({ ...issue, path: '' })).toBe('truncated, offset 26: expected 8, actual 2');
  });

  it('a UsageError has no offset to speak of, and is not the same class', () => {
    const { offset: _, ...rest } = issue;
    const error = new UsageError(rest, 'fragment: ');
    expect(error.message).toBe('fragment: truncated at sgl_entries[1].size: expected 8, actual 2');
    expect(error).toMatchObject({ ...rest, offset: 0, name: 'UsageError' });
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(WireError);
  });
});
