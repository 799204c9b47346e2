import type { Shard } from '../../../fuzz/engine/shard.js';
import { managers, type PlatformProfile } from '../../../rm/index.js';
import type { TargetOptions } from '../../target-option.js';

export interface RunOptions extends TargetOptions {
  readonly platform: PlatformProfile;
  readonly seed: number;
  readonly runs?: number;
  readonly time?: number;
  readonly case?: number;
  readonly message?: readonly string[];
  readonly out?: string;
  readonly reference?: boolean;
  readonly plays: number;
  readonly shard?: Shard;
  readonly jobs?: number;
}

/** Options besides target and seed that decide what cases do, as on the command line. */
export function wordsOf({
  message = [],
  platform,
  manager,
  careful,
  monitor,
  reference,
}: RunOptions): string[] {
  return [
    ...(platform.name === 'native' ? [] : ['--platform', platform.name]),
    ...(manager === undefined || manager === managers.rm23 ? [] : ['--manager', manager.name]),
    ...(careful === true ? ['--careful'] : []),
    ...(reference === undefined ? [] : [reference ? '--reference' : '--no-reference']),
    ...(monitor === undefined ? [] : ['--monitor', monitor]),
    ...(message.length === 0 ? [] : ['--message', ...message]),
  ];
}
