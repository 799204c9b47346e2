import { Option } from 'commander';
import {
  type ManagerName,
  type ManagerProfile,
  managers,
  type PlatformName,
  type PlatformProfile,
  platforms,
} from '../rm/index.js';
import { oneOf } from './options.js';

// Apart from the other options: most commands need no manager, which is a fifth of what `decode` would load.

/** Names of all platforms, for help texts. */
export const platformNames = Object.keys(platforms).join(', ');

/** The value of `--platform`. @throws UsageError for an unknown platform. */
export function platformOption(name: string): PlatformProfile {
  const names = Object.keys(platforms) as PlatformName[];
  return platforms[oneOf(names, name, '--platform', 'platform')];
}

/** The option `--platform`. The help prints the name of its default, not the whole profile. */
export function platformFlag(): Option {
  return new Option('--platform <name>', `whose machine: ${platformNames}`)
    .argParser(platformOption)
    .default(platforms.native, platforms.native.name);
}

/** The option `--manager`. @param otherwise what holds without it. */
export function managerFlag(otherwise: string): Option {
  const names = Object.keys(managers) as ManagerName[];
  return new Option(
    '--manager <name>',
    `whose manager: ${names.join(', ')}; without it ${otherwise}`,
  ).argParser((name): ManagerProfile => managers[oneOf(names, name, '--manager')]);
}
