/**
 * The package as its users get it: packed, installed into an empty folder, run, imported and type-checked there, and put
 * before publint and attw. Run by `npm run check:package` after `npm run build`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

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

/** A program of the project's own dependencies, started without npx, which takes longer than some of them. */
const tool = (name: string) => join(root, 'node_modules/.bin', name);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
  process.stdout.write(`ok: ${what}\n`);
}

const consumer = `
import { decodeMessage, encodeMessage, VM_START, type VmStartRequest } from 'gunyah-rm';
import { Campaign, Engine, type Finding, Judge, runLocally, SimTarget } from 'gunyah-rm/fuzz';
import { Client, mainlineCalls, queueTransport } from 'gunyah-rm/host';
import { Access, formatRefusal, type PageState, PhysicalMemory, type Refusal, stateOf } from 'gunyah-rm/hypervisor';
import { platforms, ResourceManager } from 'gunyah-rm/rm';
import { protocol } from 'gunyah-rm/schemas';
import { LiveManager, type LiveOptions, type Outlet, writeRecord } from 'gunyah-rm/serve';
import { managerTransport } from 'gunyah-rm/sim';
import { MessageQueue, QueueError } from 'gunyah-rm/transport';

const request: VmStartRequest = { vmid: 128 };
const frames: Uint8Array[] = encodeMessage(VM_START, 'request', { seq: 1, payload: request });
const vmid: number | undefined = decodeMessage(frames, { message: VM_START, type: 'request' }).payload?.vmid;
// @ts-expect-error: a value of the wrong type must not pass, which it would if the types had become any
export const refused = () => encodeMessage(VM_START, 'request', { seq: 1, payload: { vmid: '128' } });
const client = new Client(managerTransport(new ResourceManager()), { generation: 'a14' });
const allocated: number = await client.run(mainlineCalls('a14').allocVmid(0));

const [toRm, fromRm] = [new MessageQueue(), new MessageQueue({ depth: 1 })];
new Client(queueTransport(toRm, fromRm), { generation: 'a15' }).call(VM_START, request).catch(() => {});
const queued: boolean = toRm.receive().message?.length === 12 && toRm.receive().error === QueueError.EMPTY;

const memory = new PhysicalMemory();
memory.add('normal', 0x80000000, 0x4000, 3);
const range = { owner: 3, address: 0x80000000 };
const refusal: Refusal | undefined = memory.donate({
  kind: 'normal',
  source: range,
  target: { owner: 128, address: 0x1000 },
  size: 0x1000,
});
const page: PageState = stateOf(memory.records()[0]?.value, 3);
const told: string = refusal === undefined ? page : formatRefusal(refusal);

const messages: Uint8Array[] = [];
const outlet: Outlet = { send: (_vmid, message) => messages.push(message) > 0 };
const options: LiveOptions = {
  platform: platforms.native,
  careful: true,
  memory: [],
  rebootOnPanic: false,
  onPanic: () => {},
  onMessage: () => {},
};
const live = new LiveManager(options);
live.receive(outlet, 3, 255, frames[0] as Uint8Array);

const target = new SimTarget({ careful: true });
const findings: Finding[] = [];
let cases = 0;
const campaign = new Campaign({
  source: new Engine({ seed: 1, steps: target.steps, machine: platforms.native }),
  judge: new Judge(undefined),
  keepGoing: () => cases++ < 3,
  plays: 0,
  minimised: 0,
  found: (finding) => findings.push(finding),
});
runLocally(campaign.run(), target);

console.log(vmid, protocol.messages.length > 0, allocated, queued, told, Access.RWX, messages.length);
console.log(writeRecord.length > 0, campaign.cases, findings.length);
`;

try {
  run('npm', ['pack', '--pack-destination', folder], root);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  // `npm ci` of the checkout has built the optional native module. What is asked here works without it.
  run('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', tarball], folder);
  const bin = join(folder, 'node_modules/.bin/gunyah-rm');
  const version = run(bin, ['--version'], folder).trim();
  check(version === JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version, 'the binary runs');
  const capture = 'node_modules/gunyah-rm/captures/vm-lifecycle.pcapng';
  const decoded = run(bin, ['decode', capture, '--json'], folder);
  check(decoded.split('\n').length === 59, 'it decodes the capture that comes with it');
  const fixtures = 'node_modules/gunyah-rm/captures/golden';
  const checked = run(bin, ['golden', '--check', fixtures], folder);
  check(/, 0 own\), 0 changed\n$/.test(checked), 'it finds the golden fixtures that come with it unchanged');
  run(bin, ['inspect', capture, '-o', 'page.html'], folder);
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
  const printed = run(process.execPath, ['out/consumer.js'], folder).trim();
  check(printed === '128 true 128 true none 7 1\ntrue 3 0', 'the imports of all entries work');
  const declarations = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => readFileSync(join(root, 'dist', name), 'utf8'));
  check(
    !declarations.some((text) => /from 'restructure'|import\("restructure"\)/.test(text)),
    'no restructure type is exported',
  );
  run(tool('publint'), ['--strict', tarball], root);
  check(true, 'publint is content');
  run(tool('attw'), ['--profile', 'esm-only', tarball], root);
  check(true, 'attw is content');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
