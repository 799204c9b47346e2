import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A kernel of Debian, unpacked and not installed. */
export interface DebianKernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** The file to boot. */
  readonly image: string;
  /** The folder to build modules against. */
  readonly headers: string;
}

const root = resolve(import.meta.dirname, '../..');
/** Kernels are large: they are kept between runs. */
const cache = join(root, 'node_modules/.cache/gunyah-rm-kernels');

function run(command: string, words: readonly string[], cwd?: string): string {
  return execFileSync(command, words, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Installs Debian packages that are missing. @param needs program → package. */
export function needPackages(needs: Readonly<Record<string, string>>): void {
  const missing = Object.entries(needs)
    .filter(([program]) => !existsSync(program))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { env });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

/** Downloads the newest kernel for amd64 of a suite of Debian and its headers. Undefined if the suite has none. */
export function debianKernel(suite: 'own' | 'backports'): DebianKernel | undefined {
  const apt = suite === 'own' ? [] : backports();
  if (apt === undefined) return undefined;
  const folder = join(cache, suite);
  const target = suite === 'own' ? [] : ['-t', `${codename()}-backports`];
  const depends = (name: string) => {
    const found = run('apt-cache', [...apt, ...target, 'depends', name]).match(/Depends: (linux-\S+)/g) ?? [];
    return found.map((line) => line.slice('Depends: '.length));
  };
  const [imageName = ''] = depends('linux-image-amd64');
  const release = imageName.replace(/^linux-image-/, '');
  const unpacked = join(folder, release);
  if (!existsSync(join(unpacked, 'complete'))) {
    mkdirSync(join(unpacked, 'debs'), { recursive: true });
    const headers = `linux-headers-${release}`;
    const names = [imageName, headers, ...depends(headers).filter((name) => /headers|kbuild/.test(name))];
    run('apt-get', [...apt, ...target, 'download', '-q', ...names], join(unpacked, 'debs'));
    for (const file of readdirSync(join(unpacked, 'debs')))
      run('dpkg-deb', ['-x', join(unpacked, 'debs', file), unpacked]);
    writeFileSync(join(unpacked, 'complete'), '');
  }
  const headers = join(unpacked, 'usr/src', `linux-headers-${release}`);
  // The package names the folder into which it would be installed.
  const makefile = join(headers, 'Makefile');
  const text = readFileSync(makefile, 'utf8');
  writeFileSync(makefile, text.replace(/^include \/usr\/src/m, `include ${join(unpacked, 'usr/src')}`));
  return { release, image: join(unpacked, `boot/vmlinuz-${release}`), headers };
}

function codename(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

/** Options for apt that make it see the backports of this Debian only, in lists of its own. Undefined: there are none. */
function backports(): readonly string[] | undefined {
  const folder = join(cache, 'apt');
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  // The registry is the one that this machine uses already.
  const policy = run('apt-cache', ['policy']);
  const address = new RegExp(`\\d+ (\\S+) ${codename()}/main amd64 Packages`).exec(policy)?.[1];
  if (address === undefined) return undefined;
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb ${address} ${codename()}-backports main\n`);
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(folder, 'lists')}`],
  ];
  try {
    run('apt-get', [...options, 'update', '-qq']);
    return options;
  } catch {
    return undefined;
  }
}

/** Builds the test module for a kernel. @returns the .ko file. */
export function buildModule({ release, headers }: DebianKernel): string {
  const folder = join(cache, `module-${release}`);
  mkdirSync(folder, { recursive: true });
  const sources = join(import.meta.dirname, 'module');
  for (const name of readdirSync(sources))
    writeFileSync(join(folder, name), readFileSync(join(sources, name)));
  // Type information of the module would need the kernel with symbols, and pahole.
  run('make', ['-C', headers, `M=${folder}`, 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules']);
  return join(folder, 'gunyah_play.ko');
}
