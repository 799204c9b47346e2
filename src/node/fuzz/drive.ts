import type { Campaign } from '../../fuzz/campaign/campaign.js';
import { LocalRunner, type RemoteTarget, runRemotely, type SimTarget } from '../../target/index.js';
import { every } from '../clock.js';
import { turn } from '../timing.js';

/** Commands of the campaign between two looks at signals and timers, and of minimising: some milliseconds. */
const SLICE = { campaign: 4096, refining: 1024 } as const;
/** Minimising rests for so many times the time that it took, so that the campaign has most of the machine. */
const REST = 2;
const LOOK_MS = 20;

/** When a run ends. */
export interface RunEnd {
  /** No more cases. */
  readonly isOver: () => boolean;
  /** Nothing at all any more: the time that the user gave is up. */
  readonly isLate: () => boolean;
  /** Findings are minimised to the end, however long that takes. */
  readonly isPatient: boolean;
}

/** What is spent on a campaign besides its cases. */
export interface Spent {
  /** Time in which findings were played again, milliseconds. With remote targets the campaign went on meanwhile. */
  refiningMs: number;
}

type Clock = () => number;

/** Runs a campaign on a target in this process. In between, sessions are played again on a second one. */
export async function driveLocally(
  campaign: Campaign,
  [target, second]: readonly [SimTarget, SimTarget],
  end: RunEnd,
  spent: Spent,
  now: Clock,
): Promise<void> {
  const cases = new LocalRunner(campaign.run(), target);
  let refining: LocalRunner<void> | undefined;
  let isDone = false;
  for (;;) {
    isDone ||= cases.slice(SLICE.campaign) !== undefined;
    if (campaign.canRefine) refining ??= new LocalRunner(campaign.refine(), second);
    const start = now();
    if (refining?.slice(SLICE.refining) !== undefined) refining = undefined;
    spent.refiningMs += now() - start;
    await turn();
    if (isDone && (end.isLate() || (refining === undefined && !wantsMore(campaign, end)))) return;
  }
}

/** Runs a campaign on a remote target. Sessions are played again on a second one, at the same time. */
export async function driveRemotely(
  campaign: Campaign,
  [target, second]: readonly [RemoteTarget, RemoteTarget],
  end: RunEnd,
  spent: Spent,
  now: Clock,
): Promise<void> {
  let isDone = false;
  const stopWatching = every(LOOK_MS / 1000, () => {
    if (end.isOver()) campaign.stop();
  });
  const refine = async () => {
    for (;;) {
      if (campaign.canRefine && !(isDone && !wantsMore(campaign, end))) {
        const start = now();
        await runRemotely(campaign.refine(), second);
        const took = now() - start;
        spent.refiningMs += took;
        if (!campaign.hasUnconfirmed && !isDone) await pause(REST * took);
      } else if (isDone) return;
      else await pause(LOOK_MS);
    }
  };
  const refining = refine();
  try {
    // A target that hangs is not waited for once the run is over.
    await Promise.race([campaign.runAhead(target), until(end.isOver)]);
    campaign.stop();
    isDone = true;
    await Promise.race([refining, until(end.isLate)]);
  } finally {
    isDone = true;
    stopWatching();
  }
}

/** Whether sessions are still to be played again when there are no more cases. */
function wantsMore(campaign: Campaign, end: RunEnd): boolean {
  return !end.isLate() && (end.isPatient ? campaign.canRefine : campaign.hasUnconfirmed);
}

function pause(timeMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, timeMs));
}

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((done) => setTimeout(done, LOOK_MS).unref());
}
