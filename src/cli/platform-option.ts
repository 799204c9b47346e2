import { Option } from 'commander';
import { UsageError } from '../base/error.js';
import { type PlatformProfile, platforms } from '../rm/index.js';

/** Names of all platforms, for help texts. */
export const platformNames = Object.keys(platforms).join(', ');

/** The value of `--platform`. @throws UsageError for an unknown platform. */
export function platformOption(name: string): PlatformProfile {
  const platform = Object.values(platforms).find((profile) => profile.name === name);
  if (platform !== undefined) return platform;
  throw new UsageError({ code: 'platform', path: '--platform', expected: platformNames, actual: name });
}

/** The option `--platform`. The help prints the name of its default, not the whole profile. */
export function platformFlag(): Option {
  return new Option('--platform <name>', `whose machine: ${platformNames}`)
    .argParser(platformOption)
    .default(platforms.native, platforms.native.name);
}
