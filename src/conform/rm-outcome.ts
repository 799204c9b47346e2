import { formatHex } from '../base/hex.js';
import { jsonText } from '../base/json.js';
import type { Line } from '../base/line-readers.js';
import { recordedLine } from '../target/index.js';
import { chapters } from './case.js';
import type { Comparison, Outcome } from './outcome.js';
import type { Side } from './played-step.js';
import type { CaseResult, Difference } from './run-case.js';

/** What a case of managers showed. @param seconds that it took. */
export function outcomeOf(result: CaseResult, seconds: number): Outcome {
  const { name, chapter, level, rule, source } = result.case;
  return {
    name,
    chapter: chapters[chapter],
    level,
    rule,
    source,
    status: result.status,
    reason: result.reason ?? failureText(result),
    comparisons: result.failure?.differences.map(comparisonOf) ?? [],
    recording: result.played.length === 0 ? undefined : recordingOf(result),
    seconds,
  };
}

function failureText({ case: { steps }, failure }: CaseResult): string | undefined {
  if (failure === undefined) return undefined;
  const { step, differences, ended } = failure;
  const place = steps.length === 1 ? '' : `step ${step + 1} of ${steps.length}: `;
  if (ended !== undefined) return `${place}the manager has ended: ${ended}`;
  const [first] = differences;
  const expected = first?.expected === undefined ? 'nothing' : wordsOf(first.expected);
  const actual = first?.actual === undefined ? 'nothing' : wordsOf(first.actual);
  return `${place}expected ${expected}, came ${actual}`;
}

/** A message in a few words. */
function wordsOf({ to, keys }: Side): string {
  const { type, name, id, error } = keys;
  return [type, name ?? id, error, `to VM ${to}`].filter((word) => word !== undefined).join(' ');
}

function comparisonOf({ expected, actual }: Difference): Comparison {
  return { expected: expected && lineOf(expected), actual: actual && lineOf(actual) };
}

function lineOf({ to, keys, frames }: Side): Line {
  const { from: _from, ...own } = keys;
  return { ...own, to, frames: frames.map((frame) => formatHex(frame)) };
}

/** The case as it was played, as a recording (vectors/README.md). */
function recordingOf({ case: { name, rule }, played }: CaseResult): string {
  const first = { scenario: `conform: ${name}`, description: rule };
  const lines = [first, ...played.map(({ step, response }) => recordedLine(step, response))];
  return lines.map((line) => `${jsonText(line)}\n`).join('');
}
