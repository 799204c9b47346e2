import type { Finding } from '../../src/fuzz/campaign/finding.js';
import { findingText, type Origin } from '../../src/fuzz/findings/write.js';
import { managers, platforms } from '../../src/rm/index.js';
import { emptyResponse, type Step } from '../../src/target/index.js';

export const origin: Origin = {
  seed: 1,
  target: 'sim',
  version: '0.0.0',
  platform: platforms.native,
  manager: managers.rm23,
  careful: false,
  options: [],
};

/** A session as the text of a finding, whatever the target answered. */
export function findingOf(
  steps: readonly Step[],
  cause: Finding['cause'] = { kind: 'reply', key: 'x', text: 'x' },
): string {
  const played = { steps, responses: steps.map(() => emptyResponse), cause };
  return findingText({ cause, number: 1, caseNumber: 0, size: steps.length, state: 'found', played }, origin);
}
