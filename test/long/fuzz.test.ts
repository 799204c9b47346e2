import { describe, expect, it } from 'vitest';
import { Campaign } from '../../src/fuzz/campaign/campaign.js';
import { Repetition } from '../../src/fuzz/end-oracle/repetition.js';
import { simAudit } from '../../src/fuzz/end-oracle/sim-audit.js';
import { Teardown } from '../../src/fuzz/end-oracle/teardown.js';
import { Engine } from '../../src/fuzz/engine/engine.js';
import { Judge } from '../../src/fuzz/oracle/judge.js';
import { Reference } from '../../src/fuzz/oracle/reference.js';
import { type PlatformProfile, platforms } from '../../src/rm/index.js';
import { runLocally, SimTarget } from '../../src/target/index.js';
import { planted } from '../fuzz/planted.js';
import { seedOf } from '../seeded.js';

/** Whether a minute is over: counted from the first question. */
function minute(): () => boolean {
  const end = process.hrtime.bigint() + 60_000_000_000n;
  return () => process.hrtime.bigint() > end;
}

describe(`within a minute, from nothing, seed ${seedOf(4)}`, () => {
  it.each(Object.entries(planted))('%s is found', (_, { manager }) => {
    const target = new SimTarget({ careful: true, manager });
    const judge = new Judge(new Reference({ platform: platforms.native, careful: true, seesRefusal: true }));
    const isOver = minute();
    const campaign: Campaign = new Campaign({
      source: new Engine({ seed: seedOf(4), steps: target.steps, machine: platforms.native }),
      judge,
      keepGoing: () => !isOver() && campaign.findings.length === 0,
      plays: 0,
      minimised: 0,
      found: () => {},
    });
    runLocally(campaign.run(), target);
    expect(campaign.findings.map(({ finding }) => finding.cause.kind)).toEqual(['difference']);
  });
});

/** Causes that a careful manager shows in so many minutes under all oracles. */
function causes(platform: PlatformProfile, withReference: boolean, minutes: number): string[] {
  const target = new SimTarget({ platform, careful: true });
  const options = { platform, careful: true, seesRefusal: true };
  const judge = new Judge(withReference ? new Reference(options) : undefined);
  const end = process.hrtime.bigint() + BigInt(minutes * 60) * 1_000_000_000n;
  const campaign = new Campaign({
    source: new Engine({ seed: seedOf(3), steps: target.steps, machine: platform }),
    judge,
    endOracles: [new Teardown(judge, simAudit(target)), new Repetition()],
    keepGoing: () => process.hrtime.bigint() < end,
    plays: 2000,
    minimised: 1,
    found: () => {},
  });
  runLocally(campaign.run(), target);
  return campaign.findings.map(({ finding }) => finding.cause.text);
}

describe(`ten minutes with a careful manager, seed ${seedOf(3)}`, () => {
  it.each(Object.values(platforms))('show nothing wrong: $name', (platform) => {
    expect(causes(platform, false, 8)).toEqual([]);
    expect(causes(platform, true, 2)).toEqual([]);
  });
});
