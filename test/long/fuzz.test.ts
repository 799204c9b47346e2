import { describe, expect, it } from 'vitest';
import { Campaign } from '../../src/fuzz/campaign/campaign.js';
import { workLocally } from '../../src/fuzz/campaign/command.js';
import { Engine } from '../../src/fuzz/engine.js';
import { Judge } from '../../src/fuzz/oracle/judge.js';
import { Reference } from '../../src/fuzz/oracle/reference.js';
import { Repetition } from '../../src/fuzz/oracle/repetition.js';
import { simAudit } from '../../src/fuzz/oracle/sim-audit.js';
import { Teardown } from '../../src/fuzz/oracle/teardown.js';
import { SimTarget } from '../../src/fuzz/targets/sim.js';
import { type PlatformProfile, platforms } from '../../src/rm/index.js';

/** Causes that a careful manager shows in so many minutes under all oracles. */
function causes(platform: PlatformProfile, withReference: boolean, minutes: number): string[] {
  const target = new SimTarget({ platform, careful: true });
  const options = { platform, careful: true, seesRefusal: true };
  const judge = new Judge(withReference ? new Reference(options) : undefined);
  const end = process.hrtime.bigint() + BigInt(minutes * 60) * 1_000_000_000n;
  const campaign = new Campaign({
    source: new Engine({ seed: 3, steps: target.steps, machine: platform }),
    judge,
    epilogues: [new Teardown(judge, simAudit(target)), new Repetition()],
    keepGoing: () => process.hrtime.bigint() < end,
    plays: 2000,
    minimised: 1,
    found: () => {},
  });
  workLocally(campaign.run(), target);
  return campaign.findings.map(({ finding }) => finding.cause.text);
}

describe('ten minutes with a careful manager', () => {
  it.each(Object.values(platforms))('show nothing wrong: $name', (platform) => {
    expect(causes(platform, false, 8)).toEqual([]);
    expect(causes(platform, true, 2)).toEqual([]);
  });
});
