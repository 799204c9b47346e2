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
  readonly machine: Machine;
  /** A shell with its programs, without libraries. */
  readonly busybox: string;
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

/** The machines that kernels are booted on. */
export const machines = {
  amd64: {
    qemu: ['qemu-system-x86_64', '-cpu', 'max'],
    consoles: ['ttyS0', 'ttyS1'],
    make: ['ARCH=x86_64'],
  },
  arm64: {
    // Pointer authentication of "max" takes most of the time under TCG.
    qemu: ['qemu-system-aarch64', '-machine', 'virt', '-cpu', 'cortex-a57'],
    // It has one serial port.
    consoles: ['ttyAMA0', 'ttyAMA0'],
    make: ['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-'],
  },
} as const;
export type Machine = keyof typeof machines;

/** Kernels that Debian has: those of this release, and newer ones of its backports. */
export const suites = ['own', 'backports'] as const;
export type Suite = (typeof suites)[number];

/** Downloads the newest kernel of a suite of Debian and its headers. Undefined if the suite has none. */
export function debianKernel(suite: Suite, machine: Machine): DebianKernel | undefined {
  const apt = aptOptions(suite, machine);
  if (apt === undefined) return undefined;
  const folder = join(cache, suite, machine);
  const depends = (name: string) => {
    // A package for all machines stands below a name that only the other machine has.
    const lines = run('apt-cache', [...apt, 'depends', name]).matchAll(
      /(?:Depends: |^ {4})(linux-[\w.+-]+)/gm,
    );
    return [...new Set(Array.from(lines, ([, found = '']) => found))];
  };
  const [imageName = ''] = depends(`linux-image-${machine}:${machine}`);
  const release = imageName.replace(/^linux-image-/, '');
  const unpacked = join(folder, release);
  const headers = `linux-headers-${release}`;
  if (!existsSync(join(unpacked, 'complete'))) {
    const needed = depends(`${headers}:${machine}`).filter((name) => /headers|kbuild/.test(name));
    // Programs that build modules run here.
    const names = [`${imageName}:${machine}`, `${headers}:${machine}`, ...needed.map((name) => own(name))];
    unpack(apt, [...names, `busybox-static:${machine}`], unpacked);
    writeFileSync(join(unpacked, 'complete'), '');
  }
  const folderOfHeaders = join(unpacked, 'usr/src', headers);
  // The package names the folder into which it would be installed.
  const makefile = join(folderOfHeaders, 'Makefile');
  const text = readFileSync(makefile, 'utf8');
  writeFileSync(makefile, text.replace(/^include \/usr\/src/m, `include ${join(unpacked, 'usr/src')}`));
  return {
    machine,
    release,
    image: join(unpacked, `boot/vmlinuz-${release}`),
    headers: folderOfHeaders,
    busybox: [join(unpacked, 'bin/busybox'), join(unpacked, 'usr/bin/busybox')].find(existsSync) as string,
  };
}

/** Packages for all machines have no other name. */
function own(name: string): string {
  return name.endsWith('-common') ? name : `${name}:amd64`;
}

function unpack(apt: readonly string[], names: readonly string[], folder: string): void {
  const debs = join(folder, 'debs');
  mkdirSync(debs, { recursive: true });
  run('apt-get', [...apt, 'download', '-q', ...names], debs);
  for (const file of readdirSync(debs)) run('dpkg-deb', ['-x', join(debs, file), folder]);
}

function codename(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

/** Options for apt that make it see one suite for amd64 and a machine, in lists of its own. Undefined: there is none. */
function aptOptions(suite: Suite, machine: Machine): readonly string[] | undefined {
  const folder = join(cache, 'apt', suite, machine);
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  // The registry is the one that this machine uses already.
  const policy = run('apt-cache', ['policy']);
  const address = new RegExp(`\\d+ (\\S+) ${codename()}/main amd64 Packages`).exec(policy)?.[1];
  if (address === undefined) return undefined;
  const names = suite === 'own' ? [codename()] : [codename(), `${codename()}-backports`];
  const list = join(folder, 'sources.list');
  writeFileSync(list, names.map((name) => `deb [arch=amd64,${machine}] ${address} ${name} main\n`).join(''));
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(folder, 'lists')}`],
    ...['-o', 'APT::Architectures::=amd64', '-o', `APT::Architectures::=${machine}`],
    ...['-o', `APT::Default-Release=${names.at(-1)}`],
    // The cache of the machine knows its own lists.
    ...['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='],
  ];
  try {
    run('apt-get', [...options, 'update', '-qq']);
    return options;
  } catch {
    return undefined;
  }
}

/** Builds the test module for a kernel. @returns the .ko file. */
export function buildModule({ release, headers, machine }: DebianKernel): string {
  const folder = join(cache, `module-${release}`);
  mkdirSync(folder, { recursive: true });
  const sources = join(import.meta.dirname, 'module');
  for (const name of readdirSync(sources))
    writeFileSync(join(folder, name), readFileSync(join(sources, name)));
  // Type information of the module would need the kernel with symbols, and pahole.
  const { make } = machines[machine];
  run('make', ['-C', headers, `M=${folder}`, ...make, 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules']);
  return join(folder, 'gunyah_play.ko');
}
