import { describe, expect, it } from 'vitest';
import { Campaign } from '../../src/fuzz/campaign/campaign.js';
import type { Finding } from '../../src/fuzz/campaign/finding.js';
import { Judge } from '../../src/fuzz/oracle/judge.js';
import { Reference } from '../../src/fuzz/oracle/reference.js';
import { platforms } from '../../src/rm/index.js';
import {
  type RemoteTarget,
  type Response,
  runLocally,
  runRemotely,
  SimTarget,
  type Step,
} from '../../src/target/index.js';
import { budget, isWhole } from '../part.js';
import { allSteps, newEngine } from './run.js';

const CASES = isWhole ? 12 : 4;

/** Dies at a step that only the number of steps since its start decides: nobody sees it again. */
class TiredTarget extends SimTarget {
  #left = 2000;

  override restart(): void {
    super.restart();
    this.#left = 2000;
  }

  override put(step: Step): Response {
    const response = super.put(step);
    return --this.#left > 0 ? response : { ...response, ended: { kind: 'crash', text: 'tired' } };
  }
}

/** A simulated manager that is asked as a remote one is: many steps at once. */
function remote(target: SimTarget): RemoteTarget {
  return {
    name: 'exec:sim',
    local: false,
    isFresh: true,
    steps: allSteps,
    reset: async () => target.reset(),
    restart: async () => target.restart(),
    put: async (step) => target.put(step),
    async putAll(steps) {
      const responses: Response[] = [];
      for (const step of steps) {
        responses.push(target.put(step));
        if (responses.at(-1)?.ended !== undefined) break;
      }
      return responses;
    },
    async close() {},
  };
}

function campaignOf(cases: number, withReference: boolean, found: Finding[]): Campaign {
  const newJudge = () =>
    new Judge(
      withReference
        ? new Reference({ platform: platforms.native, careful: false, seesRefusal: true })
        : undefined,
    );
  let left = cases;
  return new Campaign({
    source: newEngine({ seed: 3 }),
    judge: newJudge(),
    beside: { judge: newJudge(), endOracles: [] },
    keepGoing: () => left-- > 0,
    plays: 20,
    minimised: 1,
    found: (finding) => found.push(finding),
  });
}

describe('what a fresh target does not show again', () => {
  it('is counted as unstable and not reported', () => {
    const found: Finding[] = [];
    const campaign = campaignOf(20, false, found);
    runLocally(campaign.run(), new TiredTarget());
    const fresh = new TiredTarget();
    while (campaign.canRefine) runLocally(campaign.refine(), fresh);
    const states = new Map(campaign.findings.map(({ finding: { cause, state } }) => [cause.key, state]));
    expect(
      [...states].filter(([key]) => key.includes('tired')).every(([, state]) => state === 'unstable'),
    ).toBe(true);
    expect([...states.keys()].some((key) => key.includes('tired'))).toBe(true);
    expect(found.some(({ cause }) => cause.key.includes('tired'))).toBe(false);
    expect([...states.values()]).toContain('smallest');
  });
});

/** Says that VMs are in states that do not exist. */
class StrangeTarget extends SimTarget {
  override put(step: Step): Response {
    const response = super.put(step);
    for (const { frame } of response.out)
      if (frame.length > 12 && frame[4] === 0x17) frame[12] = 16 + ((frame[2] as number) & 0xef);
    return response;
  }
}

describe('a target that reports states that do not exist', () => {
  it('is fuzzed like any other', () => {
    const campaign = campaignOf(budget(30), false, []);
    runLocally(campaign.run(), new StrangeTarget());
    expect(campaign.cases).toBe(budget(30));
  });
});

describe('many steps at once', () => {
  it.each([
    ['foreseen by the reference', true],
    ['not foreseen', false],
  ])('show the same as one after the other, %s', async (_, withReference) => {
    const [one, other]: [Finding[], Finding[]] = [[], []];
    const inTurn = campaignOf(CASES, withReference, one);
    runLocally(inTurn.run(), new SimTarget());
    const atOnce = campaignOf(CASES, withReference, other);
    await atOnce.runAhead(remote(new SimTarget()));
    if (withReference) {
      // The answers are known, so cases are the same, step by step.
      expect(atOnce.steps).toBe(inTurn.steps);
      expect(atOnce.findings).toEqual(inTurn.findings);
    }
    const target = remote(new SimTarget());
    while (atOnce.canRefine) await runRemotely(atOnce.refine(), target);
    expect(atOnce.findings.length).toBeGreaterThan(0);
    expect(atOnce.findings.every(({ finding }) => finding.state === 'smallest')).toBe(true);
  });
});
