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

const logForms: Record<string, (line: LogLine) => string> = {
  'journalctl -o json': (line) => JSON.stringify(journal(line)),
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

const traceForms: Record<string, string> = {
  'decimal words of 64 bits': trace.replace(
    /data=\{(.*)\}/g,
    (_, words: string) =>
      `data={${words
        .split(',')
        .map((word) => BigInt(word))
        .join(',')}}`,
  ),
  'perf script -F period': trace.replace(/(\d\.\d{6}): (?=[rt]x: )/g, '$1:          1 gunyah:'),
  'trace-cmd report --ts-diff': trace.replace(/(\d\.\d{6}): (?=[rt]x: )/g, '$1: (+1234) '),
};

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
    const clocks = new Set<string | undefined>();
    const input = new CaptureInput(
      protocol,
      undefined,
      ({ clock }) => clocks.add(clock),
      () => {},
    );
    const text = `local global counter uptime perf mono mono_raw [boot] x86-tsc tai\n${trace}`;
    input.push(new TextEncoder().encode(text));
    input.end();
    expect([...clocks]).toEqual(['boot']);
  });
});
