import type { ThreadStart, Work } from '../node/threads.js';

/** A module of what commands give to other threads. */
interface WorkModule {
  /** @param setup what the command says before the first task. */
  work(setup: unknown): Work;
}

/** How each is loaded. */
const works: Readonly<Record<string, () => Promise<WorkModule>>> = {
  decode: () => import('./commands/decode/work.js'),
  lint: () => import('./commands/lint/work.js'),
};

/** The work that a thread is started for. */
export async function workOf({ work, setup }: ThreadStart): Promise<Work> {
  const load = works[work];
  if (load === undefined) throw new Error(`no work ${work}`);
  return (await load()).work(setup);
}
