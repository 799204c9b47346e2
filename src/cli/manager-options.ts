import { type Command, Option } from 'commander';
import type { ManagerProfile, PlatformProfile } from '../rm/index.js';
import type { Connector } from '../target/index.js';
import { refuseOption } from './options.js';
import { managerFlag, platformFlag } from './profile-options.js';
import { makeConnector, targetForms } from './target-option.js';

/** Options of commands that speak to a manager. */
export interface ManagerOptions {
  readonly socket?: string;
  readonly dgram?: string;
  readonly target?: string;
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
}

/** Adds the options that say which manager a command speaks to. */
export function addManagerOptions(command: Command): Command {
  return command
    .option('--socket <path>', 'a manager behind this unix stream socket, as "serve --socket"')
    .option('--dgram <dir>', 'a manager behind unix datagrams in this directory, as "serve --dgram"')
    .addOption(new Option('--target <target>', targetForms).conflicts(['socket', 'dgram']))
    .addOption(platformFlag())
    .addOption(managerFlag('rm23'))
    .option('--careful', 'the simulated manager answers with an error where the real one dies');
}

/** The manager that the options name: the simulated one unless told. @throws UsageError */
export function connectorOf(options: ManagerOptions): Connector {
  const { socket, dgram, platform, manager, careful } = options;
  if (socket !== undefined && dgram !== undefined) refuseOption('--socket', 'no --dgram beside it', dgram);
  const target =
    socket !== undefined
      ? `socket:${socket}`
      : dgram !== undefined
        ? `dgram:${dgram}`
        : (options.target ?? 'sim');
  return makeConnector(target, { platform, profile: manager, careful: careful === true });
}
