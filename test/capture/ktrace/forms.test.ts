import { describe, expect, it } from 'vitest';
import { protocol } from '../../../schemas/index.js';
import { CaptureInput } from '../../../src/capture/input/index.js';
import { readTrace, recordedTraces } from './read.js';

/** The same messages as other programs and options print them. */
const textOf = (name: string) => recordedTraces().find((trace) => trace.name === name)?.text ?? '';
const log = textOf('dmesg-6.12');
const trace = textOf('trace-6.12-v15');
const EPOCH_US = 1_763_730_847_000_000;

interface LogLine {
  readonly us: number;
  readonly text: string;
}

const lines: LogLine[] = log
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [, seconds = '', fraction = '', text = ''] = /^\[\s*(\d+)\.(\d{6})\] (.*)$/.exec(line) ?? [];
    return { us: Number(seconds) * 1e6 + Number(fraction), text };
  });

const journal = ({ us, text }: LogLine) => ({
  __CURSOR: 's=1;i=2',
  __REALTIME_TIMESTAMP: String(EPOCH_US + us),
  __MONOTONIC_TIMESTAMP: String(us + 44),
  MESSAGE: text,
  PRIORITY: '7',
  // The kernel's own time, which the journal takes as a field like others.
  _SOURCE_MONOTONIC_TIMESTAMP: String(us),
});
const fields = (line: LogLine) => Object.entries(journal(line)).map(([name, value]) => `${name}=${value}`);
const iso = (us: number) =>
  `${new Date((EPOCH_US + us) / 1000).toISOString().slice(0, 19).replace('T', ' ')}.${String(us % 1e6).padStart(6, '0')}`;
const stamp = ({ us, text }: LogLine) => `[${(us / 1e6).toFixed(6).padStart(12)}] ${text}`;

/** The clocks of the packets of a text. */
function clocksOf(text: string): (string | undefined)[] {
  const clocks = new Set<string | undefined>();
  const input = new CaptureInput(
    protocol,
    undefined,
    ({ clock }) => clocks.add(clock),
    () => {},
  );
  input.push(new TextEncoder().encode(text));
  input.end();
  return [...clocks];
}

const logForms: Record<string, (line: LogLine) => string> = {
  'journalctl -o short-delta': ({ us, text }) =>
    `[${(us / 1e6).toFixed(6).padStart(12)}${us === lines[0]?.us ? ' '.repeat(16) : ' <    0.000878 >'}] device kernel: ${text}`,
  'journalctl -o json | jq .': (line) => JSON.stringify(journal(line), null, 2),
  'dmesg -J | jq -S': ({ us, text }) => JSON.stringify({ msg: text, pri: 7, time: us / 1e6 }, null, 2),
  'grep -H of /dev/kmsg': ({ us, text }) => `logs/kmsg.txt:7,551,${us},-;${text}`,
  'cat -A': (line) => `${stamp(line)}^M$`,
  'a page in HTML': (line) => `${stamp(line)}<br>`,
  'journalctl -o json': (line) => JSON.stringify(journal(line)),
  'journalctl -o json of a text with colours, which it writes as bytes': (line) =>
    JSON.stringify({ ...journal(line), MESSAGE: [...Buffer.from(`\x1b[1m${line.text}\x1b[0m`)] }),
  'journalctl -o json-pretty': (line) => JSON.stringify(journal(line), null, '\t').replaceAll('":', '" :'),
  'journalctl -o json-sse': (line) => `data: ${JSON.stringify(journal(line))}\n`,
  'journalctl -o json-seq': (line) => `\x1e${JSON.stringify(journal(line))}`,
  'journalctl -o export': (line) => `${fields(line).join('\n')}\n`,
  'journalctl -o verbose': (line) =>
    `Fri ${iso(line.us)} UTC [s=1;i=2]\n${fields(line).slice(3).join('\n    ').padStart(4)}`,
  'dmesg -J | jq -c': ({ us, text }) => JSON.stringify({ pri: 7, time: us / 1e6, msg: text }),
  'a console that adds a carriage return': (line) => `${stamp(line)}\r\r`,
};

describe('kernel logs with the time of the kernel', () => {
  const plain = readTrace(log);
  it.each(Object.entries(logForms))('%s', (_, form) => {
    const read = readTrace(`${lines.map(form).join('\n')}\n`);
    expect(read.frames).toEqual(plain.frames);
    expect(read.times).toEqual(plain.times);
  });

  it('dmesg -J --time-format=iso', () => {
    const members = lines.map(
      ({ us, text }) =>
        `{\n"pri": 7,\n"time": "${iso(us).replace('.', ',')}+00:00",\n"msg": ${JSON.stringify(text)}\n}`,
    );
    const read = readTrace(`{\n   "dmesg": [\n${members.join(',')}\n]\n}\n`);
    expect(read.frames).toEqual(plain.frames);
    expect(read.times).toEqual(plain.times.map((time) => BigInt(EPOCH_US) * 1000n + (time as bigint)));
  });

  it('logcat -v monotonic has milliseconds', () => {
    const text = lines.map(
      ({ us, text }) =>
        `${(Math.floor(us / 1000) / 1000).toFixed(3).padStart(10)}  root     0     0 D kernel  : ${text}`,
    );
    const read = readTrace(`${text.join('\n')}\n`);
    expect(read.frames).toEqual(plain.frames);
    expect(read.times).toEqual(plain.times.map((time) => ((time as bigint) / 1_000_000n) * 1_000_000n));
  });
});

/** How dmesg prints times relative to the line before; `before` is undefined for the first. */
const delta = ({ us }: LogLine, before: LogLine | undefined) => ((us - (before?.us ?? us)) / 1e6).toFixed(6);
const minuteOf = ({ us }: LogLine) => Math.floor((EPOCH_US + us) / 60e6);
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayOf = (us: number) => {
  const date = new Date((EPOCH_US + us) / 1000);
  return `${months[date.getUTCMonth()]}${String(date.getUTCDate()).padStart(2)}`;
};
const ctime = (us: number) =>
  `Fri ${dayOf(us).replace(/^.../, '$& ')} ${iso(us).slice(11, 19)} ${iso(us).slice(0, 4)}`;
type Relative = (line: LogLine, before: LogLine | undefined) => string;
const relative: Relative = (line, before) =>
  before === undefined || minuteOf(before) !== minuteOf(line)
    ? `[${dayOf(line.us)} ${iso(line.us).slice(11, 16)}] `
    : `[${`+${delta(line, before)}`.padStart(11)}] `;
const relativeForms: Record<string, Relative> = {
  'dmesg -e': relative,
  'dmesg -x -e': (line, before) => `kern  :debug : ${relative(line, before)}`,
  'dmesg --time-format=delta': (line, before) => `[<${delta(line, before).padStart(12)}>] `,
  'dmesg -d -T': (line, before) => `[${ctime(line.us)} <${delta(line, before).padStart(12)}>] `,
};

describe('kernel logs with times relative to the line before', () => {
  const plain = readTrace(log);
  const sinceFirst = (times: readonly (bigint | undefined)[]) =>
    times.map((time) => (time as bigint) - (times[0] as bigint));
  /** With lines of others between, which count too. */
  const withOthers = lines.flatMap((line, index) => [
    line,
    {
      us: line.us + Math.floor(((lines[index + 1]?.us ?? line.us) - line.us) / 3),
      text: 'usb 1-1: new device',
    },
  ]);
  const textOf = (all: readonly LogLine[], form: Relative) =>
    `${all.map((line, index) => form(line, all[index - 1]) + line.text).join('\n')}\n`;

  it.each(Object.entries(relativeForms))('%s', (_, form) => {
    const read = readTrace(textOf(withOthers, form));
    expect(read.frames).toEqual(plain.frames);
    expect(sinceFirst(read.times)).toEqual(sinceFirst(plain.times));
  });

  it.each(Object.entries(relativeForms))(
    '%s, over midnight: later minutes are not earlier than they can be',
    (name, form) => {
      const pause = 11 * 3600e6;
      const all = lines.map(({ us, text }, index) => ({ us: index < 20 ? us : us + pause, text }));
      const { frames, times } = readTrace(textOf(all, form));
      expect(frames).toEqual(plain.frames);
      const exact = sinceFirst(readTrace(`${all.map(stamp).join('\n')}\n`).times);
      const most = name.endsWith('-e') ? 120n * 1_000_000_000n : 0n;
      for (const [index, time] of sinceFirst(times).entries()) {
        expect(exact[index]).toBeGreaterThanOrEqual(time);
        expect((exact[index] as bigint) - time).toBeLessThanOrEqual(most);
      }
    },
  );

  it('name their clock', () => {
    expect(clocksOf(textOf(lines, relative))).toEqual(['relative']);
    expect(clocksOf(textOf(lines, relativeForms['dmesg -d -T'] as Relative))).toEqual(['wall']);
  });
});

const traceForms: Record<string, string> = {
  'a number of things beside the size': trace.replace(
    / size=\d+/g,
    ' count=1$& flags=1 ready=0xffff800012345678',
  ),
  'the room of a receive beside the size': trace.replace(/ len=(\d+)/g, ' size=240 recv_size=$1'),
  'arguments without names': trace
    .replace(/ret=0 capid=(\S+) len=(\d+) data=/g, 'arg1=0x0 arg2=$1 arg3=$2 arg4=')
    .replace(/capid=(\S+) size=(\d+) data=/g, 'arg1=$1 arg2=$2 arg3='),
  'another array beside the message': trace.replace(/ data=/g, ' regs={0x1,0x2} data='),
  'numbers of bytes as names': trace.replace(/data=\{(.*)\}/g, (_, words: string) =>
    words
      .split(',')
      .map((word, index) => `b${index * 8}=${word}`)
      .join(' '),
  ),
  'decimal words of 64 bits': trace.replace(
    /data=\{(.*)\}/g,
    (_, words: string) =>
      `data={${words
        .split(',')
        .map((word) => BigInt(word))
        .join(',')}}`,
  ),
  'perf script -F period': trace.replace(/(\d\.\d{6}): (?=[rt]x: )/g, '$1:          1 gunyah:'),
  'a page in HTML': trace.replaceAll('<', '&lt;'),
  'trace-cmd report --ts-diff': trace.replace(/(\d\.\d{6}): (?=[rt]x: )/g, '$1: (+1234) '),
};

describe('traces of which not all can be told', () => {
  const warningsOf = (text: string) => {
    const warnings: string[] = [];
    const input = new CaptureInput(
      protocol,
      undefined,
      () => {},
      ({ code, message }) => warnings.push(`${code}: ${message}`),
    );
    input.push(new TextEncoder().encode(text));
    input.end();
    return warnings;
  };

  it.each([
    [
      'arguments without a size',
      trace.replaceAll(/ (?:size|len)=\d+/g, ''),
      /^unclear: 29 events tx .*call the message data/,
    ],
    [
      'two numbers that may be the size',
      trace.replaceAll(/ (?:size|len)=/g, ' a=7 b='),
      /^unclear: 29 events tx .*a=7 b=12/,
    ],
    [
      'the room of a receive beside a number',
      trace.replaceAll(/ len=(\d+)/g, ' buf_size=240 n=$1'),
      /^unclear: \d+ events rx .*buf_size=240 n=/,
    ],
    [
      'arrays with spaces between that are no numbered family',
      trace.replaceAll(/data=(\S+)/g, 'from=$1 flags=0x1 to={0x0}'),
      /^unclear: 29 events tx/,
    ],
    [
      'numbered values out of order',
      trace.replaceAll(/data=\{(.*)\}/g, (_, words: string) => {
        const [first, ...others] = words.split(',').map((word, index) => `w${index}=${word}`);
        return [others[0], first, ...others.slice(1)].join(' ');
      }),
      /^unclear: 29 events tx .*w1=0x3 w0=/,
    ],
    [
      'events and addresses that tell no direction',
      trace
        .replaceAll(/: tx: \([^)]*\)/g, ': foo: (ffffffffc03e5014)')
        .replaceAll(/: rx: \([^)]*\)/g, ': bar: (ffffffffc03e5104 <- ffffffffc03e5212)'),
      /^unclear: 29 events foo .*direction/,
    ],
    [
      'the option raw',
      trace.replaceAll(/^.*: (?:tx|rx): .*$/gm, '172 0 7647237123 type: 1554'),
      /^unclear: 67 events type: 1554 .*noraw/,
    ],
  ])('%s', (_, text, expected) => {
    expect(warningsOf(text).some((warning) => expected.test(warning)) ? [] : warningsOf(text)).toEqual([]);
  });
});

describe('logs of other programs', () => {
  it('that print sizes and bytes of which some begin as a message does', () => {
    const bytes = ['21', '4f', '00', '13', '07', 'a0', '33', '56', '00', '01'];
    const other = Array.from({ length: 300 }, (_, index) => {
      const all = bytes.map((byte, at) => (at === 0 && index % 3 > 0 ? 'be' : byte)).join(' ');
      return `I (${123456 + index}) uart: recv size=10 data=${all}\n`;
    }).join('');
    const read = readTrace(`${trace}${other}`);
    const alone = readTrace(trace);
    expect(read.frames).toEqual(alone.frames);
    expect(read.other).toEqual(alone.other);
  });
});

it('a line of JSON may hold more lines than a call takes arguments', () => {
  const feeds = '\\n'.repeat(300_000);
  for (const line of [`{"log":"${feeds}"}`, `["${feeds}"]`]) {
    const { frames } = readTrace(`{"log":"starts"}\n${line}\n${trace}`);
    expect(frames).toEqual(readTrace(trace).frames);
  }
});

describe('traces with the time of the tracer', () => {
  const plain = readTrace(trace);
  it.each(Object.entries(traceForms))('%s', (_, text) => {
    const read = readTrace(text);
    expect(read.frames).toEqual(plain.frames);
    expect(read.other).toEqual(plain.other);
    expect(read.times).toEqual(plain.times);
  });

  it('say that events were lost where the tracer does not know how many', () => {
    const { frames, lost } = readTrace(trace.replace(/\n(?=.*: rx: )/, '\nCPU:1 [LOST EVENTS]\n'));
    expect(frames).toEqual(plain.frames);
    expect(lost).toEqual([undefined]);
  });

  it('say what perf has lost', () => {
    const record = '         swapper     0 [001]     7.700000: PERF_RECORD_LOST lost 42';
    const { frames, lost } = readTrace(trace.replace(/\n(?=.*: rx: )/, `\n${record}\n`));
    expect(frames).toEqual(plain.frames);
    expect(lost).toEqual([42]);
  });

  it('name the clock that the file trace_clock has chosen', () => {
    const text = `local global counter uptime perf mono mono_raw [boot] x86-tsc tai\n${trace}`;
    expect(clocksOf(text)).toEqual(['boot']);
  });
});
