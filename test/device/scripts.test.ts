import { describe, expect, it } from 'vitest';
import { UsageError, WireError } from '../../src/base/error.js';
import {
  bestRecording,
  cleaningScript,
  kernels,
  METHODS,
  methodsOf,
  parseProbe,
  probeScript,
  recordingScript,
} from '../../src/device/index.js';
import { gunyahRm } from '../cli/run.js';

const options = { duration: undefined, capids: [] };
const rows = kernels.flatMap((kernel) => methodsOf(kernel).map((method) => ({ kernel, method })));

/** Lines that decide what is recorded. */
function keyLines(script: string): string[] {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) =>
      /^(if )?probe |^(if .*)?switch_on |^receive_\w+ \|\||[+-]p'|kprobe:|printf\(/.test(line),
    );
}

describe('recording scripts', () => {
  it('exist for every kernel and method, and say what was tried', () => {
    for (const { kernel, method } of rows) {
      const script = recordingScript(method, { ...options, kernel });
      expect(script).toContain(`${method} on ${kernel.name}.`);
      expect(script.replaceAll('\n# ', ' ')).toContain(kernel.assumed);
      expect(script.split('\n').every((line) => line.length < 500)).toBe(true);
    }
  });

  it('probe the functions of the driver', () => {
    const byDriver = ['android14-6.1', 'android15-6.6', 'qcom-5.15'].map((name) => {
      const kernel = kernels.find((row) => row.name === name) as (typeof kernels)[number];
      return [
        name,
        methodsOf(kernel).map((method) => keyLines(recordingScript(method, { ...options, kernel }))),
      ];
    });
    expect(byDriver).toMatchSnapshot();
  });

  it('filter queues in the kernel', () => {
    const kernel = kernels.find(({ name }) => name === 'mainline-v17') as (typeof kernels)[number];
    const filtered = { kernel, duration: 5, capids: [0x61n, 0x62n] };
    const script = recordingScript('tracefs', filtered);
    expect(script).toContain("switch_on tx 'capid == 0x61 || capid == 0x62'");
    expect(script).toContain("switch_on rx '(capid == 0x61 || capid == 0x62) && ret == 0'");
    expect(script).toContain('DURATION=5\n');
    expect(recordingScript('bpftrace', filtered)).toContain('/arg0 == 0x61 || arg0 == 0x62/');
  });

  it('refuse dumps where the driver has none', () => {
    for (const kernel of kernels.filter(({ dumpFile }) => dumpFile === undefined))
      expect(() => recordingScript('dynamic-debug', { ...options, kernel })).toThrow(UsageError);
  });
});

const probed = (lines: string) => `gunyah-rm probe 1\n${lines}\nend\n`;

describe('the probe', () => {
  it.each([
    [
      'release 6.1.68-android14-11\nuser 0\nsymbol gh_hypercall_msgq_send\nkprobe_events writable',
      'android14-6.1',
      'tracefs',
    ],
    [
      'release 6.1.25-qki\nuser 0\nsymbol gh_hypercall_msgq_send\nsymbol gh_msgq_send\nkprobe_events writable',
      'qcom-6.1',
      'tracefs',
    ],
    [
      'release 6.6.30-android15-8\nuser 0\nsymbol gunyah_hypercall_msgq_send.llvm.123\nbpftrace bpftrace v0.21.2',
      'android15-6.6',
      'bpftrace',
    ],
    [
      'release 6.10.0\nuser 0\nsymbol gunyah_hypercall_msgq_send\nkprobe_events writable',
      'android15-6.6',
      'tracefs',
    ],
    [
      'release 5.15.94\nuser 0\nsymbol gh_msgq_send\nkprobe_events writable\ndynamic_debug gh_msgq.c',
      'qcom-5.15',
      'dynamic-debug',
    ],
    ['release 5.15.94\nuser 0\nsymbol gh_msgq_send\nkprobe_events writable', 'qcom-5.15', 'tracefs'],
  ])('%j is best recorded as %s with %s', (lines, kernel, method) => {
    const best = bestRecording(parseProbe(probed(lines).replaceAll('\n', '\r\n')));
    expect([best.kernel.name, best.method]).toEqual([kernel, method]);
  });

  it('says what is missing', () => {
    const none = 'none in this kernel';
    expect(() => bestRecording(parseProbe(probed('user 0')))).toThrow(none);
    const symbol = 'symbol gh_hypercall_msgq_send';
    expect(() => bestRecording(parseProbe(probed(`user 0\n${symbol}`)))).toThrow('CONFIG_KPROBE_EVENTS');
    expect(() => bestRecording(parseProbe(probed(`user 2000\n${symbol}`)))).toThrow('as root');
    expect(() => parseProbe('gunyah-rm probe 1\nrelease 6.1')).toThrow(WireError);
    expect(() => parseProbe('')).toThrow(WireError);
  });

  it('asks for every function that a kernel needs', () => {
    for (const { send, receive, consumer } of kernels)
      for (const symbol of [send.symbol, receive.symbol, consumer ?? send.symbol])
        expect(probeScript()).toContain(symbol);
  });
});

describe('capture', () => {
  it('prints the scripts', async () => {
    const kernel = kernels[0] as (typeof kernels)[number];
    const script = await gunyahRm(['capture', '--kernel', kernel.name]);
    expect(script.stdout).toBe(recordingScript('tracefs', { ...options, kernel }));
    const chosen = await gunyahRm(['capture', '--from-probe', '-', '--duration', '7'], {
      input: probed('release 5.15.1\nuser 0\nsymbol gh_msgq_send\ndynamic_debug gh_msgq.c'),
    });
    expect(chosen.stdout).toContain('dynamic-debug on qcom-5.15.');
    expect(chosen.stdout).toContain('DURATION=7\n');
    expect((await gunyahRm(['capture', '--probe'])).stdout).toBe(probeScript());
    expect((await gunyahRm(['capture', '--clean'])).stdout).toBe(cleaningScript());
  });

  it('prints the commands of --run with --dry-run', async () => {
    const words = ['capture', '--kernel', 'mainline-v17', '--dry-run', '--run'];
    const adb = await gunyahRm([...words, 'adb']);
    expect(adb.stdout).toMatch(/^# Command:\nadb shell -T 'if .*su 0 sh -s stdin.*\n(# .*\n)+#!\/bin\/sh\n/);
    expect(adb.stdout).toContain('symbol gunyah_hypercall_msgq_send');
    const ssh = await gunyahRm([...words, 'ssh', 'root@board']);
    expect(ssh.stdout).toMatch(
      /^# Command:\nssh -T -o BatchMode=yes -- root@board 'if .*sudo -n sh -s stdin/,
    );
    expect((await gunyahRm(['capture', '--dry-run', '--run', 'adb'])).stdout).toContain(probeScript());
  });

  it.each([
    [[]],
    [['--kernel', 'android14-6.1', '--run', 'ssh']],
    [['--kernel', 'android14-6.1', '--run', 'ssh', '-oProxyCommand=x']],
    [['--kernel', 'android14-6.1', '--run', 'usb']],
    [['--kernel', 'android14-6.1', '--probe']],
    [['--kernel', 'android1']],
    [['--kernel', 'android14-6.1', '--method', 'dynamic-debug']],
    [['--kernel', 'android14-6.1', '--method', METHODS[0], '--filter-capid', 'x']],
  ])('refuses %j', async (words) => {
    expect((await gunyahRm(['capture', ...words])).code).toBe(2);
  });
});
