import { partOf, shardText, wholeCampaign } from '../../../fuzz/engine/shard.js';
import { every, wallClockMs } from '../../../node/clock.js';
import { refuseOwnCampaign } from '../../../node/fuzz/campaign-folder.js';
import { Jobs } from '../../../node/fuzz/jobs.js';
import { StatusLine } from '../../../node/status-line.js';
import { TemporaryFolder } from '../../../node/temporary-folder.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandIo } from '../../io.js';
import { mergeFolders } from './merge.js';
import { type RunOptions, wordsOf } from './run-options.js';

/** Runs a campaign in several processes, each with its share of the cases, and unites what they find. */
export async function runJobs(io: CommandIo, options: RunOptions, jobs: number): Promise<void> {
  const temporary = new TemporaryFolder();
  try {
    await runIn(io, options, jobs, options.out ?? temporary.path('campaign'));
  } finally {
    temporary.remove();
  }
}

async function runIn(io: CommandIo, options: RunOptions, jobs: number, folder: string): Promise<void> {
  refuseOwnCampaign(folder);
  const told = new Set<string>();
  const status = new StatusLine(io.stdio);
  const startMs = wallClockMs();
  const stopShowing = every(0.25, () => {
    const elapsedMs = wallClockMs() - startMs;
    status.show(
      elapsedMs,
      () => `${Math.round(elapsedMs / 1000)} s, ${jobs} processes, ${told.size} findings`,
    );
  });
  let isNew = true;
  const running = new Jobs(
    Array.from({ length: jobs }, (_, job) => jobWords(options, job, jobs, folder)),
    (line) => {
      // A line with a cause, then one with the command that shows it again.
      if (!line.startsWith('gunyah-rm:   ')) {
        isNew = !told.has(line);
        told.add(line);
      }
      if (!isNew) return;
      status.clear();
      io.stdio.writeError(`${line}\n`);
    },
  );
  io.stdio.onStop(() => running.stop());
  const failure = Math.max(...(await running.ended()));
  stopShowing();
  status.clear();
  if (failure > exitCodes.problems) {
    io.exitCode = failure;
    return;
  }
  mergeFolders(io, [folder], folder, status.longestMs);
}

function jobWords(options: RunOptions, job: number, jobs: number, folder: string): string[] {
  const { target, seed, runs, time, limit, plays, shard = wholeCampaign } = options;
  const share = runs === undefined ? undefined : Math.floor(runs / jobs) + (job < runs % jobs ? 1 : 0);
  const numbers = { seed, runs: share, time, limit, plays };
  return [
    'fuzz',
    ...['--target', target, '--out', folder, '--shard', shardText(partOf(shard, job, jobs))],
    ...Object.entries(numbers).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...wordsOf(options),
  ];
}
