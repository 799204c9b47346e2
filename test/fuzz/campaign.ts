import { Campaign, type CaseSource } from '../../src/fuzz/campaign/campaign.js';
import type { Finding } from '../../src/fuzz/campaign/finding.js';
import { Judge } from '../../src/fuzz/oracle/judge.js';
import { Reference } from '../../src/fuzz/oracle/reference.js';
import { platforms } from '../../src/rm/index.js';
import { runLocally, SimTarget, type SimTargetOptions } from '../../src/target/index.js';

/** How a campaign is to be run and when it ends. */
export interface CampaignPlan {
  readonly source: (target: SimTarget) => CaseSource;
  readonly target?: SimTargetOptions;
  readonly reference?: boolean;
  readonly plays?: number;
  /** Most cases. */
  readonly cases: number;
  /** The campaign ends once a finding has a cause with such a key. */
  readonly until?: RegExp;
}

/** Fuzzes a simulated manager. @returns the last state of each finding, with its session, by its key. */
export function fuzzSim(plan: CampaignPlan): ReadonlyMap<string, Finding> {
  const { target: options = {}, reference = false, plays = 0, cases, until } = plan;
  const { platform = platforms.native, careful = false } = options;
  const found = new Map<string, Finding>();
  const target = new SimTarget(options);
  const second = new SimTarget(options);
  const newJudge = () =>
    new Judge(reference ? new Reference({ platform, careful, seesRefusal: true }) : undefined);
  const refine = () => {
    while (campaign.canRefine) runLocally(campaign.refine(), second);
    return true;
  };
  let left = cases;
  const campaign: Campaign = new Campaign({
    source: plan.source(target),
    judge: newJudge(),
    beside: { judge: newJudge(), endOracles: [] },
    keepGoing: () => refine() && left-- > 0 && !(until && [...found.keys()].some((key) => until.test(key))),
    plays,
    minimised: 1,
    found: (finding) => found.set(finding.cause.key, finding),
  });
  runLocally(campaign.run(), target);
  refine();
  return found;
}
