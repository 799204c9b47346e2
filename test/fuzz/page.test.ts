import { describe, expect, it } from 'vitest';
import { VM_GET_VMID } from '../../schemas/index.js';
import type { Finding } from '../../src/fuzz/campaign/finding.js';
import { findingPage, seenInOf, withSeenIn } from '../../src/fuzz/findings/page.js';
import { findingText, type Origin } from '../../src/fuzz/findings/write.js';
import { managers, platforms } from '../../src/rm/index.js';
import { emptyResponse, type Step, writeProgramEnd } from '../../src/target/index.js';

const origin: Origin = {
  seed: 1,
  target: 'exec:./manager',
  version: '1',
  platform: platforms.native,
  manager: managers.rm23,
  careful: false,
  options: [],
};
const seenIn = { cases: 1, all: 30 };
const step: Step = {
  kind: 'frame',
  from: 3,
  frame: Uint8Array.of(0x21, 1, 0, 0, ...new Uint8Array(new Uint32Array([VM_GET_VMID.id]).buffer)),
};

function crash(end: string, stderr: string): Finding {
  const text = writeProgramEnd(end, stderr);
  const responses = [{ ...emptyResponse, ended: { kind: 'crash' as const, text } }];
  const cause = { kind: 'crash' as const, key: 'crash here', text };
  const played = { steps: [step], responses, cause };
  return { cause, number: 4, caseNumber: 7, size: 1, state: 'confirmed', played };
}

describe("a finding's page", () => {
  it.each([
    ['abort reclaim', 'the target said so itself, by the line `abort reclaim` on standard output'],
    ['SIGSEGV', 'signal SIGSEGV ended the target'],
    ['exit 3', 'the target ended with exit code 3, without a signal'],
  ])('says what ended the program: %s', (end, text) => {
    const page = findingPage(crash(end, 'what it says\nof itself\n'), origin, seenIn);
    expect(page).toContain(text);
    expect(page).toContain(
      '## What the target printed on standard error\n\n    what it says\n    of itself\n',
    );
    expect(findingText(crash(end, ''), origin)).toContain(`"ended":"${text}`);
  });

  it('says that nothing came on standard error', () => {
    expect(findingPage(crash('SIGSEGV', ''), origin, seenIn)).toContain(
      'standard error\n\nNothing until then.',
    );
  });

  it('names the recording and how many of the cases showed it, and keeps up with them', () => {
    const page = findingPage(crash('exit 1', ''), origin, seenIn);
    expect(page).toContain('finding-004-crash-here.ndjson is the session as a recording (NDJSON)');
    expect(page).toContain('\nSeen in 1 of 30 cases of the campaign so far.\n');
    const later = withSeenIn(page, { cases: 12, all: 4000 });
    expect(later).toContain('\nSeen in 12 of 4000 cases of the campaign so far.\n');
    expect([seenInOf(page), seenInOf(later)]).toEqual([seenIn, { cases: 12, all: 4000 }]);
    expect(withSeenIn(later, seenIn)).toBe(page);
  });

  it('does not say how many cases showed it where that is not known', () => {
    const page = findingPage(crash('exit 1', ''), origin, undefined);
    expect(page).not.toContain('Seen in');
    expect(seenInOf(page)).toBeUndefined();
  });

  it('of the simulated manager is without a program', () => {
    const page = findingPage(crash('exit 1', ''), { ...origin, target: 'sim' }, seenIn);
    expect(page).toContain('## What the target said');
    expect(page).not.toContain('exit code');
  });
});
