/**
 * The fuzzer without command line, files and clock: generates sessions from the schemas, plays them to a target, judges
 * the answers and makes findings smaller. A target is any {@link LocalTarget} or {@link RemoteTarget}, such as a manager
 * of your own; {@link SimTarget} is the simulated manager.
 *
 * An {@link Engine} generates cases, a {@link Judge} decides what is wrong, a {@link Campaign} runs one on the other, and
 * {@link runLocally}, {@link runInSlices} or {@link runRemotely} sends its commands to the target.
 */

export type { Ending, LocalTarget, RemoteTarget, Response, Step, Target } from '../target/index.js';
export {
  type Command,
  runInSlices,
  runLocally,
  runRemotely,
  SimTarget,
  type SimTargetOptions,
  type TargetTask,
} from '../target/index.js';
export { Campaign, type CampaignOptions, type CaseSource } from './campaign/campaign.js';
export type { Finding, FindingCount, FindingFacts } from './campaign/finding.js';
export type { EndOracle } from './end-oracle/end-oracle.js';
export { Repetition } from './end-oracle/repetition.js';
export { simAudit } from './end-oracle/sim-audit.js';
export { type Audit, Teardown } from './end-oracle/teardown.js';
export { Engine, type EngineOptions } from './engine/engine.js';
export { type Cause, type CauseKind, causeTitle } from './oracle/cause.js';
export { Judge, type Judgement } from './oracle/judge.js';
export { Reference, type ReferenceOptions, type Verdict } from './oracle/reference.js';
