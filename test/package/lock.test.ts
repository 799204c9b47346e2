import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** An entry of package-lock.json (docs of npm, "package-lock.json"). */
interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly os?: readonly string[];
}

type Packages = Readonly<Record<string, Locked>>;

const lock: { readonly packages: Packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
/** What npm installs: everything but the project itself, which is the entry without a name. */
const installed = (packages: Packages) => Object.entries(packages).filter(([path]) => path !== '');

/**
 * Packages that may stand without a hash, each with its reason: path in node_modules and reason. None has one: of a package
 * whose programs for some platform the registry lacks, an older version is locked.
 */
const unverifiedOnPurpose: ReadonlyMap<string, string> = new Map();

/** Packages of any platform, optional ones too, that npm would install without checking what it got. */
function unverified(packages: Packages): string[] {
  return installed(packages)
    .filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity))
    .map(([path]) => path)
    .filter((path) => !unverifiedOnPurpose.has(path));
}

describe('package-lock.json', () => {
  it('has the hash of every package, whatever the platform', () => {
    expect(installed(lock.packages).length).toBeGreaterThan(200);
    const forOthers = installed(lock.packages).filter(([, { os = [] }]) => os.includes('win32'));
    expect(forOthers.length).toBeGreaterThan(5);
    expect(unverified(lock.packages)).toEqual([]);
  });

  it('names no host', () => {
    const hosts = installed(lock.packages).filter(([, { resolved = '' }]) => resolved.includes('://'));
    expect(hosts).toEqual([]);
  });

  it.each(['node_modules/restructure', 'node_modules/@biomejs/cli-darwin-arm64'])(
    'would be refused without the hash of %s',
    (path) => {
      const { integrity: _integrity, ...entry } = lock.packages[path] as Locked;
      expect(unverified({ ...lock.packages, [path]: entry })).toEqual([path]);
      expect(unverified({ ...lock.packages, [path]: { ...entry, integrity: 'sha1-abc' } })).toEqual([path]);
    },
  );
});
