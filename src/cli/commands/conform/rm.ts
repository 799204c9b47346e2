import {
  type Case,
  type CaseResult,
  chapters,
  conformTree,
  managerCases,
  outcomeOf,
  runCase,
} from '../../../conform/index.js';
import { writeFile } from '../../../node/files.js';
import { turn } from '../../../node/timing.js';
import type { ManagerProfile, PlatformProfile } from '../../../rm/index.js';
import { runLocally, runRemotely } from '../../../target/index.js';
import type { CommandIo } from '../../io.js';
import { type AnyTarget, makeTarget, startTarget, type TargetOptions } from '../../target-option.js';
import { chosenBy, nowSeconds, printList, Reporter, type ReportOptions } from './report.js';

export interface ManagerCaseOptions extends TargetOptions, ReportOptions {
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly loaded?: true;
  readonly writeDevicetree?: string;
}

/** Cases between two turns of the event loop, in which signals are seen. */
const SLICE = 16;

export async function conformRm(io: CommandIo, options: ManagerCaseOptions): Promise<void> {
  if (options.writeDevicetree !== undefined) {
    writeFile(options.writeDevicetree, conformTree());
    return;
  }
  const cases = chosenBy(options.filter, managerCases(), ({ name, chapter, level }) => ({
    name,
    level,
    chapter: chapters[chapter],
  }));
  if (options.list) {
    const rows = cases.map((item) => ({ ...item, chapter: chapters[item.chapter] }));
    printList(io, rows, options);
    return;
  }
  const target = makeTarget(options);
  const reporter = new Reporter(io, 'rm', cases.length, options);
  io.onInterrupt(() => {});
  try {
    await startTarget(target);
    const run = new ManagerRun(target, options.loaded === true);
    for (const [index, item] of cases.entries()) {
      if (index % SLICE === 0) await turn();
      if (io.isInterrupted || io.isOutputClosed) break;
      const started = nowSeconds();
      const result = await run.case(item);
      reporter.outcome(outcomeOf(result, nowSeconds() - started));
    }
    reporter.end();
  } finally {
    if (!target.local) await target.close();
  }
}

/** Runs cases on one target, each on a fresh manager where that is possible. */
class ManagerRun {
  readonly #target: AnyTarget;
  readonly #isLoaded: boolean;
  /** A manager that nobody makes fresh has ended. */
  #isDead = false;

  constructor(target: AnyTarget, isLoaded: boolean) {
    this.#target = target;
    this.#isLoaded = isLoaded;
  }

  async case(item: Case): Promise<CaseResult> {
    const target = this.#target;
    if (this.#isDead) return { case: item, status: 'blocked', reason: 'the manager has ended', played: [] };
    const { steps, isFresh } = target;
    const task = runCase(item, { steps, isFresh, isLoaded: this.#isLoaded });
    if (target.local) {
      target.reset();
      return runLocally(task, target);
    }
    await target.reset();
    const result = await runRemotely(task, target);
    this.#isDead = !isFresh && target.ended !== undefined;
    return result;
  }
}
