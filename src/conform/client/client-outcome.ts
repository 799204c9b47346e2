import { jsonText } from '../../base/json.js';
import { recordedLine } from '../../target/index.js';
import type { Outcome } from '../outcome.js';
import type { SessionFacts } from './played-manager.js';
import { clientChapters, type Treatment } from './treatments.js';

const SOURCE = 'framing of RM23, and what the Linux clients do with replies';

/** How a session of a client ended, as far as one sees. */
export interface SessionEnd {
  /** It crashed, by its own account. */
  readonly crashed?: string | undefined;
  /** It never came. */
  readonly isMissing?: boolean;
}

/** Facts of a case for clients. */
export function clientCase({ chapter, what, level, rule }: Treatment) {
  return {
    name: `${chapter}/${what}`,
    chapter: clientChapters[chapter],
    level,
    rule,
    source: SOURCE,
  } as const;
}

/**
 * What a session of a client showed.
 *
 * @param usual the session without a treatment. @param seconds that it took.
 */
export function clientOutcome(
  treatment: Treatment,
  facts: SessionFacts,
  usual: SessionFacts | undefined,
  end: SessionEnd,
  seconds: number,
): Outcome {
  const { kind } = treatment;
  const isUsual = treatment.chapter === 'usual';
  const known = { ...clientCase(treatment), seconds, recording: recordingOf(treatment, facts) };
  const done = (
    status: Outcome['status'],
    reason?: string,
    comparisons: Outcome['comparisons'] = [],
  ): Outcome => ({ ...known, status, reason, comparisons });
  if (end.isMissing === true) return done('blocked', 'no client came');
  if (!isUsual && !facts.isTreated)
    return done('skipped', `the client sends no ${treatment.message ?? 'request'}`);
  if (end.crashed !== undefined) return done('failed', `the client crashed: ${end.crashed}`);
  const [wrong] = facts.wrong;
  if (wrong !== undefined) return done('failed', `the client sent ${wrong}`);
  if (facts.isWaiting && treatment.answer === undefined)
    return done('failed', 'the client has ended before its last reply');
  const left = facts.left.filter((item) => isUsual || usual?.left.includes(item) !== true);
  const sides = { expected: { left: [] as readonly string[] }, actual: { left } };
  const comparable = kind === 'harmless' && !isUsual ? usual : undefined;
  if (comparable !== undefined && facts.requests.join() !== comparable.requests.join())
    return done('failed', 'the client did something else than usual', [
      { expected: { requests: comparable.requests }, actual: { requests: facts.requests } },
    ]);
  if (left.length > 0) return done('failed', `the manager still has ${left.join(', ')}`, [sides]);
  return done('passed');
}

function recordingOf(treatment: Treatment, { played }: SessionFacts): string {
  const { name, rule } = clientCase(treatment);
  const first = { scenario: `conform client: ${name}`, description: rule };
  const lines = [first, ...played.map(({ step, response }) => recordedLine(step, response))];
  return lines.map((line) => `${jsonText(line)}\n`).join('');
}
