/**
 * Replays recordings and captures against the simulated manager, and plays scenarios with VMs in virtual time. Nothing
 * here reads a clock, a file or a source of randomness.
 */

export { type Operation, UNLIMITED } from '../machine/index.js';
export { CaptureSteps } from './capture-steps.js';
export {
  type Holdings,
  holdings,
  inspect,
  type KnownFault,
  knownFaults,
  type Violation,
} from './check/index.js';
export {
  decodeMessages,
  describeBytes,
  describeMessages,
  describeRecord,
  type Message,
  MessageFeed,
  recordKeys,
} from './describe.js';
export { differenceJson, differenceText } from './difference.js';
export {
  type FaultCount,
  type FaultKind,
  type FaultMatch,
  type FaultRule,
  Faults,
  type Verdict,
} from './faults.js';
export { lendHandleBase } from './handle-base.js';
export type { KernelEvent } from './kernels/kernels.js';
export { managerTransport } from './manager-transport.js';
export { CapabilityMask } from './mask.js';
export { RealReceivers, sameFrames } from './receivers.js';
export { type RecordedStep, readHeader, readStep } from './recording.js';
export {
  type Comparison,
  LineReplay,
  Replay,
  type ReplayFollower,
  type ReplayOptions,
  replay,
} from './replay.js';
export { readRule } from './scenario/fault-rule.js';
export { formatHelp } from './scenario/help.js';
export {
  type PlayerOptions,
  type PlayerResult,
  type PlayerSink,
  playScenario,
  ScenarioPlayer,
  type StepResult,
} from './scenario/player.js';
export { type Known as KnownValues, matchesPart, withValues } from './scenario/values.js';
export { type TapPacket, WorldTap } from './tap.js';
export {
  type Delays,
  type SendOptions,
  World,
  type WorldObserver,
  type WorldOptions,
} from './world.js';
