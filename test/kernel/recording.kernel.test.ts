import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { openReader } from '../../src/capture/input/index.js';
import { kernels, type Method, recordingScript } from '../../src/device/index.js';
import { gunyahRm } from '../cli/run.js';
import {
  buildModule,
  type DebianKernel,
  debianKernel,
  type Machine,
  needPackages,
  type Suite,
  suites,
} from './debian.js';
import { type GuestCase, type GuestResult, RECORD_SIZE, runGuest } from './guest.js';

// Boots kernels of Debian and runs what `capture` prints there. Table: kernel, script, messages sent, messages decoded
// equal, what is left behind.

interface Sent {
  readonly direction: 't' | 'r';
  readonly hex: string;
}

/** Messages of a recorded session between HLOS and RM. */
async function recorded(name: string): Promise<Sent[]> {
  const file = resolve(import.meta.dirname, '../../captures', name);
  const { stdout } = await gunyahRm(['decode', file, '--frames', '--json']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ from, to, raw }) => (from === 3 || to === 3) && raw.length <= 480 && raw.length >= 16)
    .map(({ from, raw }) => ({ direction: from === 3 ? 't' : 'r', hex: raw }));
}

function recordsOf(driver: string, sent: readonly Sent[], queue = 0): Buffer {
  return Buffer.concat(
    sent.map(({ direction, hex }) => {
      const record = Buffer.alloc(RECORD_SIZE);
      const size = record.write(hex, 4, 'hex');
      record.set([driver.charCodeAt(0), direction.charCodeAt(0), queue, size]);
      return record;
    }),
  );
}

/** Frames of RM in a trace, in the form of `Sent`. */
function decoded(trace: string): Sent[] {
  const found: Sent[] = [];
  const reader = openReader(
    protocol,
    'trace',
    ({ from, data, start, end }) =>
      found.push({ direction: from === 3 ? 't' : 'r', hex: formatHex(data, start, end) }),
    () => {},
  );
  reader.push(Buffer.from(trace, 'latin1'));
  reader.end();
  return found;
}

const driverOf = (name: string) => (/qcom-5/.test(name) ? 'q' : /android14/.test(name) ? 'g' : 'u');

/** The first receive shows where messages are put. It is missed by probes that need two steps. */
const warmUp: Sent = { direction: 'r', hex: `2103000008001056${'00'.repeat(8)}` };

async function play(
  kernel: DebianKernel,
  module: string,
  scripts: readonly [string, Method, GuestCase['end']][],
) {
  const sent = (await recorded('vm-lifecycle.pcapng')).slice(0, 60);
  const noise: Sent[] = [
    { direction: 't', hex: Buffer.from('hello from queue two\n').toString('hex') },
    { direction: 'r', hex: 'bfa30b8bfa65d330' },
  ];
  const cases = scripts.map(([name, method, end]): GuestCase => {
    const row = kernels.find((candidate) => candidate.name === name) as (typeof kernels)[number];
    const driver = driverOf(name);
    return {
      name: `${name}-${method}-${end}`,
      script: recordingScript(method, { kernel: row, duration: undefined, capids: [] }),
      first: recordsOf(driver, [warmUp]),
      records: Buffer.concat([
        recordsOf(driver, sent.slice(0, 20)),
        recordsOf(driver, noise, 1),
        recordsOf(driver, sent.slice(20)),
      ]),
      end,
    };
  });
  const programs = scripts.some(([, method]) => method === 'bpftrace') ? ['/usr/bin/bpftrace'] : [];
  return { sent, results: await runGuest(kernel, module, programs, cases) };
}

const rows: string[] = [];
/** Recordings that are as they must be. */
const traces: { readonly name: string; readonly text: string; readonly frames: readonly string[] }[] = [];

afterAll(() => {
  if (process.env.GUNYAH_RM_COLLECT === undefined) return;
  const lines = traces.map((trace) => `${JSON.stringify(trace)}\n`).join('');
  writeFileSync(
    resolve(import.meta.dirname, '../recorded/ktrace-stage.ndjson.gz'),
    gzipSync(lines, { level: 9 }),
  );
});

function check(release: string, name: string, sent: readonly Sent[], result: GuestResult | undefined): void {
  const { trace = '', left = '?', messages = '' } = result ?? {};
  const found = decoded(trace);
  const line = ({ direction, hex }: Sent) => `${direction === 't' ? '3>255' : '255>3'} ${hex}`;
  const frames = found.map(line);
  // The message that is played first is seen by all but the probes of two steps.
  if (found[0]?.hex === warmUp.hex) found.shift();
  // What the reader of the trace had not printed is lost when it is killed.
  const expected = name.endsWith('KILL') ? sent.slice(0, found.length) : sent;
  const equal = found.filter((frame, at) => JSON.stringify(frame) === JSON.stringify(expected[at])).length;
  rows.push(
    `${release.padEnd(18)} ${name.padEnd(34)} ${expected.length} sent, ${equal} equal, left: ${left || 'nothing'}`,
  );
  process.stdout.write(`${rows.at(-1)}\n`);
  expect(left, messages).toBe('');
  expect(found, messages).toEqual(expected);
  expect(found.length, messages).toBeGreaterThan(10);
  traces.push({ name: `${release}-${name}`, text: trace, frames });
}

type Row = [kernel: string, Method, GuestCase['end']];

/** What is recorded on the kernel of each suite: 6.1 and 6.12 where this was written. */
const guests: readonly { readonly suite: Suite; readonly machine: Machine; readonly rows: readonly Row[] }[] =
  [
    {
      suite: 'own',
      machine: 'amd64',
      rows: [
        ['android14-6.1', 'tracefs', 'TERM'],
        ['android14-6.1', 'tracefs', 'KILL'],
        ['android14-6.1', 'bpftrace', 'TERM'],
        ['android15-6.6', 'tracefs', 'TERM'],
        ['android15-6.6', 'tracefs', 'KILL'],
        ['android15-6.6', 'bpftrace', 'TERM'],
        ['qcom-5.15', 'dynamic-debug', 'TERM'],
        ['qcom-5.15', 'dynamic-debug', 'KILL'],
      ],
    },
    {
      suite: 'backports',
      machine: 'amd64',
      rows: [
        ['android14-6.1', 'tracefs', 'TERM'],
        ['mainline-v17', 'tracefs', 'TERM'],
        ['mainline-v17', 'tracefs', 'KILL'],
        ['mainline-v17', 'bpftrace', 'TERM'],
        ['qcom-5.15', 'tracefs', 'TERM'],
        ['qcom-5.15', 'dynamic-debug', 'TERM'],
      ],
    },
    // bpftrace would have to be one for arm64.
    ...suites.map((suite) => ({
      suite,
      machine: 'arm64' as const,
      rows: [
        ['android14-6.1', 'tracefs', 'TERM'],
        ['android15-6.6', 'tracefs', 'TERM'],
        ['android15-6.6', 'tracefs', 'KILL'],
        ['qcom-5.15', 'dynamic-debug', 'TERM'],
      ] satisfies readonly Row[],
    })),
  ];

describe.each(guests)('the kernel of Debian, suite $suite, $machine', ({ suite, machine, rows: own }) => {
  let kernel: DebianKernel | undefined;
  let sent: readonly Sent[] = [];
  let results: ReadonlyMap<string, GuestResult> = new Map();

  beforeAll(async () => {
    needPackages({
      '/usr/bin/qemu-system-x86_64': 'qemu-system-x86',
      '/usr/bin/bpftrace': 'bpftrace',
      '/usr/bin/cpio': 'cpio',
      '/usr/bin/make': 'make',
      '/usr/bin/gcc-12': 'gcc-12',
      ...(machine === 'arm64' && {
        '/usr/bin/qemu-system-aarch64': 'qemu-system-arm',
        '/usr/bin/aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu',
      }),
    });
    kernel = debianKernel(suite, machine);
    if (kernel === undefined) return;
    ({ sent, results } = await play(kernel, buildModule(kernel), own));
  }, 1_200_000);

  it.each([...own])('%s with %s, ended by %s: all messages, nothing left', (name, method, end) => {
    expect(kernel, 'the registry has no such kernel').toBeDefined();
    const id = `${name}-${method}-${end}`;
    check(kernel?.release ?? '', id, sent, results.get(id));
  });
});
