/**
 * Compares what two builds of the command print, byte by byte: standard output, standard error, exit code and files.
 *
 *   npm run build && npx tsx test/compare/outputs.ts OTHER_CHECKOUT [INPUT...]
 *
 * OTHER_CHECKOUT is a built checkout of the state to compare with. An INPUT is a further capture, recording or hex file.
 * Both builds read the inputs of this checkout. Exit code 1 when something differs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { protocol } from '../../schemas/index.js';

const print = (line: string) => process.stdout.write(`${line}\n`);
const root = resolve(import.meta.dirname, '../..');
const [other, ...inputs] = process.argv.slice(2);
if (other === undefined) throw new Error('which checkout to compare with?');

const work = mkdtempSync(join(tmpdir(), 'outputs-'));
const isRecording = (path: string) =>
  /"scenario"/.test(readFileSync(path).subarray(0, 200).toString('latin1'));

/** Captures packed in the tests, unpacked for both builds. */
function unpacked(): string[] {
  const folder = join(root, 'test/recorded');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pcapng.gz'))
    .map((name) => {
      const path = join(work, basename(name, '.gz'));
      writeFileSync(path, gunzipSync(readFileSync(join(folder, name))));
      return path;
    });
}

const captures = [
  'captures/vm-lifecycle.pcapng',
  ...unpacked(),
  ...inputs.filter((path) => !isRecording(path)),
];
const scenarios = readdirSync(join(root, 'captures/scenarios'))
  .filter((name) => name.endsWith('.ndjson'))
  .map((name) => `captures/scenarios/${name}`);
const recordings = inputs.filter(isRecording);

/** OUT stands for a file or folder of the run's own. */
const commands: string[][] = [
  ['--help'],
  ...'decode encode describe diff golden export simulate replay inspect serve fuzz'
    .split(' ')
    .map((name) => [name, '--help']),
  ['simulate', '--help-format'],
  ['describe'],
  ['describe', '--json'],
  ...protocol.messages.map(({ name }) => ['describe', name]),
  ...['error', 'header', 'vm_status', 'nothing_like_it'].map((name) => ['describe', name]),
  ...captures.flatMap((path) => [
    ...[
      [],
      ['--json'],
      ['--frames'],
      ['--frames', '--json'],
      ['--hex'],
      ['--summary'],
      ['--summary', '--json'],
      ['--to', 'hex'],
      ['--to', 'pcapng', '-o', 'OUT'],
      ['--filter', 'error != OK and not (seq < 3) or payload.vmid == 128'],
      ['--json', '--filter', 'issues or rest or latency_ns > 1000'],
      ['--frames', '--filter', 'size > 200'],
      ...['a14', 'v17', 'a15', 'q515'].flatMap((rules) => [
        ['--rules', rules],
        ['--json', '--rules', rules],
      ]),
    ].map((options) => ['decode', path, ...options]),
    ['diff', path, 'captures/vm-lifecycle.pcapng'],
    ['diff', path, path, '--json', '--ignore', 'payload.vmid'],
  ]),
  ...scenarios.flatMap((path) => [
    ['simulate', path, '-o', 'OUT', '--check'],
    ['simulate', path, '--steps', '--seed', '7'],
    ['simulate', path, '--json', '--careful'],
  ]),
  ['replay', 'captures/vm-lifecycle.pcapng'],
  ...recordings.map((path) => ['replay', path, ...(path.includes('qemu') ? ['--platform', 'qemu'] : [])]),
  ...['json', 'c', 'rust', 'bin'].map((format) => ['golden', '--format', format, '--out', 'OUT']),
  ['golden', '--check', 'captures/golden'],
  ...['lua', 'ksy', 'c', 'md', 'json-schema'].map((form) => ['export', form]),
  ['fuzz', '--seed', '3', '--runs', '300', '--out', 'OUT'],
  ['fuzz', 'corpus', '--out', 'OUT'],
];

interface Output {
  readonly printed: Buffer;
  readonly files: readonly string[];
}

function run(checkout: string, command: readonly string[]): Output {
  const out = mkdtempSync(join(work, 'run-'));
  const target = join(out, 'out');
  const program = join(checkout, 'dist/src/cli/main.js');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [program, ...command.map((word) => (word === 'OUT' ? target : word))],
    { cwd: root, maxBuffer: 1 << 30, input: '' },
  );
  const unplaced = (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replaceAll(out, 'OUT'), 'latin1');
  const files = (readdirSync(out, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((name) => statSync(join(out, name)).isFile())
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(unplaced(readFileSync(join(out, name))))
          .digest('hex')}`,
    );
  rmSync(out, { recursive: true });
  return {
    printed: Buffer.concat([unplaced(stdout), unplaced(stderr), Buffer.from(`exit ${status}`)]),
    files,
  };
}

function firstDifference(left: Buffer, right: Buffer): string {
  const [ours, theirs] = [left, right].map((bytes) => bytes.toString('utf8').split('\n'));
  const at = (theirs as string[]).findIndex((line, index) => line !== ours?.[index]);
  const line = at < 0 ? (theirs as string[]).length : at;
  return `line ${line + 1}\n    was ${theirs?.[line]?.slice(0, 160)}\n    is  ${ours?.[line]?.slice(0, 160)}`;
}

let different = 0;
try {
  for (const command of commands) {
    const [now, before] = [run(root, command), run(resolve(other), command)];
    const samePrinted = now.printed.equals(before.printed);
    const changed = now.files.filter((file) => !before.files.includes(file));
    if (samePrinted && changed.length === 0 && now.files.length === before.files.length) continue;
    different++;
    print(`different: ${command.join(' ')}`);
    if (!samePrinted) print(`  ${firstDifference(now.printed, before.printed)}`);
    for (const file of changed.slice(0, 5)) print(`  file ${file.slice(0, 80)}`);
  }
} finally {
  rmSync(work, { recursive: true });
}
print(`${commands.length} commands, ${commands.length - different} equal, ${different} different`);
process.exitCode = different === 0 ? 0 : 1;
