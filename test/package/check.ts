/**
 * The package as its users get it: packed, installed into an empty folder, run, imported and type-checked there, and put
 * before publint and attw. Run by `npm run check:package` after `npm run build`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { protocol } from '../../schemas/index.js';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-package-'));

function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
  process.stdout.write(`ok: ${what}\n`);
}

const consumer = `
import { decodeMessage, encodeMessage, VM_START, type VmStartRequest } from 'gunyah-rm';
import { Client, mainlineCalls } from 'gunyah-rm/host';
import { ResourceManager } from 'gunyah-rm/rm';
import { protocol } from 'gunyah-rm/schemas';
import { managerTransport } from 'gunyah-rm/sim';

const request: VmStartRequest = { vmid: 128 };
const frames: Uint8Array[] = encodeMessage(VM_START, 'request', { seq: 1, payload: request });
const vmid: number | undefined = decodeMessage(frames, { message: VM_START, type: 'request' }).payload?.vmid;
// @ts-expect-error: a value of the wrong type must not pass, which it would if the types had become any
export const refused = () => encodeMessage(VM_START, 'request', { seq: 1, payload: { vmid: '128' } });
const client = new Client(managerTransport(new ResourceManager()), { generation: 'a14' });
const allocated: number = await client.run(mainlineCalls('a14').allocVmid(0));
console.log(vmid, protocol.messages.length, allocated);
`;

try {
  run('npm', ['pack', '--pack-destination', folder], root);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('npm', ['install', '--no-audit', '--no-fund', tarball], folder);
  const version = run('npx', ['--no-install', 'gunyah-rm', '--version'], folder).trim();
  check(version === JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version, 'the binary runs');
  const capture = 'node_modules/gunyah-rm/captures/vm-lifecycle.pcapng';
  const decoded = run('npx', ['--no-install', 'gunyah-rm', 'decode', capture, '--json'], folder);
  check(decoded.split('\n').length === 59, 'it decodes the capture that comes with it');
  const fixtures = 'node_modules/gunyah-rm/captures/golden';
  const checked = run('npx', ['--no-install', 'gunyah-rm', 'golden', '--check', fixtures], folder);
  check(/, 0 own\), 0 changed\n$/.test(checked), 'it finds the golden fixtures that come with it unchanged');
  run('npx', ['--no-install', 'gunyah-rm', 'inspect', capture, '-o', 'page.html'], folder);
  check(readFileSync(join(folder, 'page.html'), 'utf8').includes('id="capture"'), 'it makes a page of it');
  writeFileSync(join(folder, 'consumer.ts'), consumer);
  const options = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: [],
    noEmit: false,
    outDir: 'out',
  };
  const declared = 'declare const console: { log(...values: unknown[]): void };\n';
  writeFileSync(join(folder, 'console.d.ts'), declared);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['consumer.ts', 'console.d.ts'] }),
  );
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], root);
  check(true, 'a consumer type-checks without skipLibCheck and without types of Node');
  check(
    run(process.execPath, ['out/consumer.js'], folder).trim() === `128 ${protocol.messages.length} 128`,
    'the imports work',
  );
  const declarations = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => readFileSync(join(root, 'dist', name), 'utf8'));
  check(
    !declarations.some((text) => /from 'restructure'|import\("restructure"\)/.test(text)),
    'no restructure type is exported',
  );
  run('npx', ['--no-install', 'publint', '--strict', tarball], root);
  check(true, 'publint is content');
  run('npx', ['--no-install', 'attw', '--profile', 'esm-only', tarball], root);
  check(true, 'attw is content');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
