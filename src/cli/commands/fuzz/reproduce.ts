import { UsageError } from '../../../base/error.js';
import { printable } from '../../../base/text.js';
import type { EndOracle } from '../../../fuzz/end-oracle/end-oracle.js';
import { Repetition } from '../../../fuzz/end-oracle/repetition.js';
import { simAudit } from '../../../fuzz/end-oracle/sim-audit.js';
import { Teardown } from '../../../fuzz/end-oracle/teardown.js';
import { programEndOf, programEndText } from '../../../fuzz/findings/program-end.js';
import type { FindingHeader } from '../../../fuzz/findings/read.js';
import { causeTitle } from '../../../fuzz/oracle/cause.js';
import { Judge } from '../../../fuzz/oracle/judge.js';
import { Reference } from '../../../fuzz/oracle/reference.js';
import { type PlayedSession, play, sessionOf } from '../../../fuzz/play/play.js';
import { type ManagerProfile, type PlatformProfile, platforms } from '../../../rm/index.js';
import { runLocally, runRemotely, type Target, type TargetTask } from '../../../target/index.js';
import type { CommandIo } from '../../io.js';
import { platformOption } from '../../profile-options.js';
import { makeTarget, startTarget } from '../../target-option.js';
import { readFinding } from './finding-file.js';

export interface ReproduceOptions {
  readonly target?: string;
  readonly platform?: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  readonly reference: boolean;
  readonly limit: number;
  readonly monitor?: string;
  readonly allowOutside?: true;
}

export async function reproduce(io: CommandIo, file: string, options: ReproduceOptions): Promise<void> {
  const { played, about, target, judge, endOracle, close } = await openFinding(io, file, options);
  try {
    const work = playAgain(sessionOf(played), judge, endOracle);
    const again = target.local ? runLocally(work, target) : await runRemotely(work, target);
    print(io, again, about, target);
  } finally {
    await close();
  }
}

/** A finding, or any recording, with what is needed to play it again. */
export interface OpenFinding {
  readonly played: PlayedSession;
  readonly about: FindingHeader | undefined;
  readonly target: Target;
  readonly judge: Judge;
  readonly endOracle: EndOracle | undefined;
  readonly close: () => Promise<void>;
}

/** Reads a file and starts the target that it names, or that the options name. @throws UsageError, WireError, FileError */
export async function openFinding(
  io: CommandIo,
  file: string,
  options: ReproduceOptions,
): Promise<OpenFinding> {
  const { played, about } = readFinding(io, file, options.allowOutside);
  const name = options.target ?? about?.target ?? 'sim';
  // What a file starts is said before it is started.
  if (options.target === undefined && name !== 'sim') io.warn(`${file} names its target: ${name}`);
  const platform =
    options.platform ?? (about === undefined ? platforms.native : platformOption(about.profile));
  const manager = options.manager ?? about?.manager;
  const careful = options.careful ?? about?.careful === true;
  const { limit, monitor } = options;
  const target = makeTarget({ target: name, platform, limit, manager, careful, monitor });
  const withReference =
    options.reference && about?.reference !== false && (name !== 'sim' || about?.kind === 'difference');
  const reference = withReference
    ? new Reference({ platform, profile: manager, careful, seesRefusal: false })
    : undefined;
  const close = async () => {
    if (!target.local) await target.close();
  };
  try {
    await startTarget(target);
    checkSteps(target, played, file);
  } catch (error) {
    await close();
    throw error;
  }
  const judge = new Judge(reference);
  const endOracles = {
    leak: new Teardown(judge, target.local ? simAudit(target) : undefined),
    nondeterminism: new Repetition(),
  };
  const endOracle = endOracles[about?.kind as keyof typeof endOracles];
  return { played, about, target, judge, endOracle, close };
}

/** Plays a session, then runs the end oracle that found its cause. */
export function* playAgain(
  session: Parameters<typeof play>[0],
  judge: Judge,
  endOracle: EndOracle | undefined,
): TargetTask<PlayedSession> {
  const again = yield* play(session, judge);
  return again.cause === undefined && endOracle !== undefined ? yield* endOracle.run(again) : again;
}

function checkSteps({ name, steps }: Target, played: PlayedSession, file: string): void {
  const missing = played.steps.find(({ kind }) => !steps.has(kind));
  if (missing === undefined) return;
  throw new UsageError({
    code: 'target',
    path: file,
    expected: `steps that ${name} can do`,
    actual: missing.kind,
  });
}

function print(
  io: CommandIo,
  { cause, steps }: PlayedSession,
  about: FindingHeader | undefined,
  target: Target,
): void {
  const output = io.output('-');
  if (cause === undefined) output.write(`nothing wrong in ${steps.length} steps\n`);
  else {
    const same =
      about === undefined ? '' : cause.key === about.key ? 'as found: ' : `instead of ${about.key}: `;
    const end = programEndOf(cause, target.name);
    const lines = [
      `${same}${causeTitle(cause)}, in step ${steps.length}`,
      ...(end === undefined ? [] : [programEndText(end)]),
      ...cause.text.split('\n'),
    ];
    output.write(`${lines.map(printable).join('\n')}\n`);
    io.problem();
  }
  output.end();
}
