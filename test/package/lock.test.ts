import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** An entry of package-lock.json (docs of npm, "package-lock.json"). */
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

type Packages = Readonly<Record<string, Locked>>;

const lock: { readonly packages: Packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
/** What npm installs: everything but the project itself, which is the entry without a name. */
const installed = (packages: Packages) => Object.entries(packages).filter(([path]) => path !== '');

/** Packages that npm would install without checking what it got. */
function unverified(packages: Packages): string[] {
  return installed(packages)
    .filter(
      ([, { optional = false, integrity = '' }]) => !optional && !/^sha512-[\w+/]{86}==$/.test(integrity),
    )
    .map(([path]) => path);
}

describe('package-lock.json', () => {
  it('has the hash of every package that is not optional, whatever the platform', () => {
    expect(installed(lock.packages).length).toBeGreaterThan(200);
    expect(unverified(lock.packages)).toEqual([]);
  });

  it('lacks a hash only of programs for one platform', () => {
    const without = installed(lock.packages).filter(([, { integrity }]) => integrity === undefined);
    const forAll = without.filter(([, { os, cpu }]) => os === undefined || cpu === undefined);
    expect(forAll).toEqual([]);
  });

  it('has a hash for this platform', () => {
    const { platform, arch } = process;
    const here = ({ os = [platform], cpu = [arch] }: Locked) => os.includes(platform) && cpu.includes(arch);
    const without = installed(lock.packages).filter(
      ([, entry]) => here(entry) && entry.integrity === undefined,
    );
    // Both are for musl; npm takes the one for the C library of this machine.
    expect(without.map(([path]) => path).filter((path) => !path.endsWith('-musl'))).toEqual([]);
  });

  it('names no host', () => {
    const hosts = installed(lock.packages).filter(([, { resolved = '' }]) => resolved.includes('://'));
    expect(hosts).toEqual([]);
  });

  it.each(['node_modules/restructure', 'node_modules/vitest'])(
    'would be refused without the hash of %s',
    (path) => {
      const { integrity: _integrity, ...entry } = lock.packages[path] as Locked;
      for (const os of [undefined, ['darwin']])
        expect(unverified({ ...lock.packages, [path]: { ...entry, ...(os && { os }) } })).toEqual([path]);
      expect(unverified({ ...lock.packages, [path]: { ...entry, integrity: 'sha1-abc' } })).toEqual([path]);
    },
  );
});
