import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';

/** VM_GET_STATE with half of its payload. */
const TRUNCATED = '{"from":3,"frame":"21010100170000560000"}';

/** Runs a command whose input stops after some bytes; then the user interrupts it. */
async function interrupted(words: readonly string[], input: Uint8Array | string) {
  const stops: (() => void)[] = [];
  let out = '';
  let errors = '';
  const stdio = {
    ...noStdio,
    onStop: (stop: () => void) => void stops.push(stop),
    write: (bytes: Uint8Array) => {
      out += Buffer.from(bytes);
      return true;
    },
    writeError: (text: string) => {
      errors += text;
    },
    async *arrivals(signal: AbortSignal) {
      yield Buffer.from(input as Uint8Array);
      for (const stop of stops) stop();
      expect(signal.aborted).toBe(true);
    },
  };
  const code = await run(words, stdio);
  return { code, lines: out.trimEnd().split('\n'), errors };
}

const ALLOC = '{"from":3,"name":"VM_ALLOC_VMID","payload":{"vmid":0}}';
const IDENTITY =
  '{"from":3,"frame":"210100001700005603000000","out":[{"to":3,"frame":"21020000170000560000000003000000"}]}';

describe('an interrupt', () => {
  it('ends simulate with the counts so far', async () => {
    const input = `{"scenario":"x"}\n${ALLOC}\n${ALLOC}\n${ALLOC}\n${ALLOC.slice(0, 9)}`;
    const { code, lines } = await interrupted(['simulate', '-', '--steps'], input);
    expect(code).toBe(130);
    expect(lines.at(-1)).toMatch(/^3 steps, 0 unmet expectations, \d+ ns$/);
  });

  it('is seen while one line is played many times', async () => {
    const stops: (() => void)[] = [];
    const next = readerOf(`{"scenario":"x"}\n{"times":1000000,${ALLOC.slice(1)}\n`);
    const stop = () => {
      for (const each of stops) each();
    };
    const read = (buffer: Uint8Array) => {
      const size = next(buffer);
      // The line is played next, which takes more than a second.
      if (size > 0) setTimeout(stop, 50);
      return size;
    };
    const onStop = (each: () => void) => void stops.push(each);
    expect(await run(['simulate', '-'], { ...noStdio, read, onStop })).toBe(130);
  });

  it('ends replay with the counts so far, without the step whose end was not seen', async () => {
    const input = `{"scenario":"x"}\n${IDENTITY}\n${IDENTITY}\n${IDENTITY}\n{"from":3,`;
    const { code, lines } = await interrupted(['replay', '-'], input);
    expect([code, lines]).toEqual([130, ['2 steps, 2 equal, 0 different']]);
  });

  it('ends lint with a whole report of what was found so far', async () => {
    const input = `{"scenario":"x"}\n${TRUNCATED}\n${IDENTITY}\n${IDENTITY}\n{"from":3,`;
    const { code, lines } = await interrupted(['lint', '-', '--format', 'sarif'], input);
    const { runs } = JSON.parse(lines.join('\n')) as { runs: [{ results: { ruleId: string }[] }] };
    expect([code, runs[0].results.map(({ ruleId }) => ruleId)]).toEqual([130, ['wire/truncated']]);
  });

  it('cuts compressed data, which is no damage', async () => {
    // Nothing can be unpacked of a header alone.
    const start = gzipSync(`{"scenario":"x"}\n${ALLOC}\n`).subarray(0, 10);
    const { code, lines, errors } = await interrupted(['lint', '-'], start);
    expect([code, lines, errors]).toEqual([130, ['0 findings'], '']);
  });
});

function readerOf(text: string): (buffer: Uint8Array) => number {
  const unread = Buffer.from(text);
  let at = 0;
  return (buffer) => {
    const size = unread.copy(buffer, 0, at);
    at += size;
    return size;
  };
}
