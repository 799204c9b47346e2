import type { Issue } from '../base/error.js';
import {
  type AnyType,
  decodeStream,
  type Mark,
  Scope,
  stopped,
  type Trace,
  type Values,
} from '../wire/index.js';

/** A run of bytes and its meaning. The ranges of an annotation cover it without gap or overlap. */
export interface Range {
  readonly mark: Mark;
  readonly path: string;
  /** Byte offsets from the first payload byte; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Type name: `u16`, `mem_rights`. Empty for `rest`. */
  readonly type: string;
  /** The decoded value; undefined for padding and rest. */
  readonly value: unknown;
}

export interface Annotation {
  readonly ranges: readonly Range[];
  /** The value as far as it could be decoded. */
  readonly value: Values;
  readonly issues: readonly Issue[];
  /** Offset of the first byte that no field covers; the length of the input when there is none. */
  readonly restStart: number;
}

/**
 * Explains any bytes as the given layout. Never throws: what does not decode is `rest`, and the issues say why. The
 * ranges cover every byte exactly once. Offsets count from the first payload byte, in replies from after the error
 * word.
 */
export function annotate(type: AnyType | undefined, bytes: Uint8Array, request?: Values): Annotation {
  const ranges: Range[] = [];
  const diagnosis = diagnose(type, bytes, request, (mark, at, start, end, label, value) => {
    ranges.push({ mark, path: at.path(), start, end, type: label, value });
  });
  const { restStart } = diagnosis;
  if (restStart < bytes.length) {
    ranges.push({ mark: 'rest', path: '', start: restStart, end: bytes.length, type: '', value: undefined });
  }
  return { ranges, ...diagnosis };
}

/** The issue of a payload of `size` bytes whose fields end at `offset`. */
export function trailingIssue(offset: number, size: number): Issue {
  return { code: 'trailing', path: '', offset, expected: offset, actual: size };
}

/** What of the bytes decodes, and why the rest does not. Never throws. `range` gets each run of bytes. */
export function diagnose(
  type: AnyType | undefined,
  bytes: Uint8Array,
  request: Values | undefined,
  range: Trace['range'] = () => {},
): Omit<Annotation, 'ranges'> {
  const issues: Issue[] = [];
  let covered = 0;
  const trace: Trace = {
    range(mark, at, start, end, label, value) {
      range(mark, at, start, end, label, value);
      covered = end;
    },
    issue(issue) {
      issues.push(issue);
    },
  };
  const stream = decodeStream(bytes);
  const root = new Scope({}, undefined, { request, trace });
  let value: unknown;
  try {
    value = type?.decode(stream, root);
    if (type !== undefined && covered < bytes.length) {
      issues.push(trailingIssue(covered, bytes.length));
    }
  } catch (error) {
    if (error !== stopped) throw error;
    value = root.partial;
  }
  return { value: (value ?? {}) as Values, issues, restStart: covered };
}
