import { UsageError } from '../../../base/error.js';
import { FileError } from '../../../node/file-error.js';
import { ExecTarget } from '../../../node/target/exec-target.js';
import { SocketTarget } from '../../../node/target/socket-target.js';
import type { ManagerProfile, PlatformProfile } from '../../../rm/index.js';
import { SimTarget } from '../../../target/index.js';

export interface TargetOptions {
  readonly target: string;
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  /** Time for each answer, milliseconds. */
  readonly limit: number;
  readonly monitor?: string;
}

export type AnyTarget = SimTarget | ExecTarget | SocketTarget;

/** @throws UsageError for a text that names no target. */
export function makeTarget({ target, platform, manager, careful, limit, monitor }: TargetOptions): AnyTarget {
  const [, kind, rest = ''] = /^(sim|exec|socket)(?::(.+))?$/s.exec(target) ?? [];
  if (kind === 'sim' && rest === '')
    return new SimTarget({ platform, profile: manager, careful: careful === true });
  if (kind === 'exec' && rest !== '') return new ExecTarget(rest, limit);
  if (kind === 'socket' && rest !== '') return new SocketTarget({ path: rest, limitMs: limit, monitor });
  const expected = 'sim, exec:COMMAND or socket:PATH';
  throw new UsageError({ code: 'option', path: '--target', expected, actual: target });
}

/** Starts a target for the first time. @throws FileError when there is none: that is no finding. */
export async function startTarget(target: AnyTarget): Promise<void> {
  if (target.local) return;
  await target.reset();
  if (target.ended !== undefined) throw new FileError(target.name, new Error(target.ended.text));
}
