/**
 * Compares what two builds of the command print, byte by byte: standard output, standard error, exit code and files.
 *
 *   npm run build && npx tsx test/compare/outputs.ts OTHER_CHECKOUT [INPUT...]
 *
 * OTHER_CHECKOUT is a built checkout of the state to compare with. An INPUT is a further capture, recording or hex file.
 * Both builds read the inputs of this checkout. Prints which commands differ, then the kinds of difference: lines that
 * differ in the same way, whatever their numbers are, are of one kind. Exit code 1 when something differs.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { protocol } from '../../schemas/index.js';
import { changedLines, kindOf } from './kinds.js';

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
  'captures/crashers/heap-reply-without-request.hex',
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
    ...['hex', 'bin', 'pcapng'].map((form) => ['encode', 'LINES', '--to', form, '-o', 'OUT', path]),
    ['replay', path, '--json'],
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

/** What a command left, by name: what it printed, and its files. */
type Output = ReadonlyMap<string, string>;

/** A capture as NDJSON of the other build, which both encode. */
const linesOf = new Map<string, string>();
for (const path of captures) {
  const file = join(work, `${linesOf.size}.ndjson`);
  const { printed } = await start(resolve(other), ['decode', path, '--json']);
  writeFileSync(file, printed);
  linesOf.set(path, file);
}

function start(checkout: string, words: readonly string[]) {
  const program = join(checkout, 'dist/src/cli/main.js');
  return new Promise<{ printed: string; told: string; code: number }>((done) => {
    const child = execFile(
      process.execPath,
      [program, ...words],
      { cwd: root, maxBuffer: 1 << 30, encoding: 'latin1' },
      (error, printed, told) => done({ printed, told, code: Number(error?.code ?? 0) }),
    );
    child.stdin?.end();
  });
}

async function run(checkout: string, command: readonly string[]): Promise<Output> {
  const out = mkdtempSync(join(work, 'run-'));
  const words = command.map((word) => (word === 'OUT' ? join(out, 'out') : word));
  if (words[1] === 'LINES') words[1] = linesOf.get(words.pop() as string) as string;
  const { printed, told, code } = await start(checkout, words);
  const unplaced = (text: string) => text.replaceAll(out, 'OUT').replaceAll(checkout, 'CHECKOUT');
  const files = (readdirSync(out, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((name) => statSync(join(out, name)).isFile())
    .sort()
    .map((name) => [`file ${name}`, unplaced(readFileSync(join(out, name), 'latin1'))] as const);
  rmSync(out, { recursive: true });
  return new Map([
    ['standard output', unplaced(printed)],
    ['standard error', unplaced(told)],
    ['exit code', String(code)],
    ...files,
  ]);
}

interface Kind {
  lines: number;
  readonly commands: Set<string>;
}

const kinds = new Map<string, Kind>();
let different = 0;

async function compare(command: readonly string[]): Promise<void> {
  const before = await run(resolve(other as string), command);
  const now = await run(root, command);
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const changed = names.filter((name) => before.get(name) !== now.get(name));
  if (changed.length === 0) return;
  different++;
  print(`different: ${command.join(' ')} (${changed.slice(0, 4).join(', ')})`);
  for (const name of changed) {
    const texts = [before.get(name) ?? '', now.get(name) ?? ''] as const;
    const lines = texts.some((text) => text.includes('\0'))
      ? [['(binary)', '(binary)'] as const]
      : await changedLines(work, ...texts);
    for (const [was, is] of lines) {
      const key = `${command[0]}: ${name.replaceAll(/\b[0-9a-f]{8,}\b|\d+/g, '#')}: ${kindOf(was, is)}`;
      const kind = kinds.get(key) ?? { lines: 0, commands: new Set() };
      kind.lines++;
      kind.commands.add(command.join(' '));
      kinds.set(key, kind);
    }
  }
}

try {
  const left = [...commands];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let command = left.shift(); command !== undefined; command = left.shift()) await compare(command);
  });
  await Promise.all(workers);
} finally {
  rmSync(work, { recursive: true });
}
for (const [kind, { lines, commands }] of [...kinds].sort(
  ([, a], [, b]) => b.commands.size - a.commands.size,
))
  print(`${commands.size} commands, ${lines} lines, such as ${[...commands][0]}\n  ${kind}`);
print(`${commands.length} commands, ${commands.length - different} equal, ${different} different`);
process.exitCode = different === 0 ? 0 : 1;
