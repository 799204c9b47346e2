import { UsageError } from '../../../base/error.js';
import { SimTarget } from '../../../fuzz/targets/sim.js';
import { FileError } from '../../../node/file-error.js';
import { ExecTarget } from '../../../node/fuzz/exec-target.js';
import { SocketTarget } from '../../../node/fuzz/socket-target.js';
import type { PlatformProfile } from '../../../rm/index.js';

/** What a target is made from. */
export interface TargetOptions {
  readonly target: string;
  readonly platform: PlatformProfile;
  readonly careful?: true;
  /** Milliseconds for each answer. */
  readonly limit: number;
  readonly monitor?: string;
}

export type AnyTarget = SimTarget | ExecTarget | SocketTarget;

/** @throws UsageError for a text that names no target. */
export function makeTarget({ target, platform, careful, limit, monitor }: TargetOptions): AnyTarget {
  const [, kind, rest = ''] = /^(sim|exec|socket)(?::(.+))?$/s.exec(target) ?? [];
  if (kind === 'sim' && rest === '') return new SimTarget({ platform, careful: careful === true });
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

/** An option that is an integer from 0 up, decimal or hexadecimal. */
export function integerOption(name: string, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
    if (value <= max) return value;
    throw new UsageError({ code: 'argument', path: name, expected: `0..${max}`, actual: text });
  };
}
