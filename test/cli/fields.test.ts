import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gunyahRm } from './run.js';

const lifecycle = resolve(import.meta.dirname, '../../captures/vm-lifecycle.pcapng');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-fields-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly no: number;
  readonly name: string;
  readonly frame: number;
  readonly time: string;
  readonly payload?: { readonly vmid?: number; readonly entries?: readonly { readonly vmid: number }[] };
}

const records = async (...args: string[]): Promise<Line[]> => {
  const { stdout, code } = await gunyahRm(['decode', '--json', ...args]);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
};

const fields = async (...args: string[]) => {
  const { stdout, stderr, code } = await gunyahRm(['decode', '-T', 'fields', ...args]);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout;
};

const input = (name: string, lines: readonly object[]) => {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
};

const started = (vmid: number, more: object) => ({ name: 'VM_START', payload: { vmid }, ...more });

describe('decode -T fields', () => {
  it('a line per message, a column per key, nothing where a record has no value', async () => {
    const expected = (await records(lifecycle)).map(
      ({ no, name, payload }) => `${no}\t${name}\t${payload?.vmid ?? ''}\n`,
    );
    const table = await fields(lifecycle, '-e', 'no', '-e', 'name', '-e', 'payload.vmid');
    const shown = table.split('\n').filter((line) => !line.includes(','));
    expect(shown.slice(0, 3).map((line) => `${line}\n`)).toEqual(expected.slice(0, 3));
    expect(table.split('\n')).toHaveLength(expected.length + 1);
  });

  it('values with the separator, quotes and line breaks are quoted, with any separator', async () => {
    const path = input('quotes.ndjson', [
      started(1, { comment: 'a, "b"' }),
      started(2, { comment: 'two\nlines' }),
      started(3, { comment: 'tab\there' }),
      started(4, { comment: 'red \u001b[31m' }),
    ]);
    const keys = ['-e', 'payload.vmid', '-e', 'comment'];
    expect(await fields(path, ...keys, '--separator', 'csv', '--header')).toBe(
      'payload.vmid,comment\n1,"a, ""b"""\n2,"two\nlines"\n3,tab\there\n4,red \\u001b[31m\n',
    );
    expect(await fields(path, ...keys, '--separator', 'TSV')).toBe(
      '1\t"a, ""b"""\n2\t"two\nlines"\n3\t"tab\there"\n4\tred \\u001b[31m\n',
    );
    expect(await fields(path, ...keys, '--separator', '; ', '--limit', '1')).toBe('1; "a, ""b"""\n');
  });

  it('lists, structs, queue messages, filters', async () => {
    const list = { name: 'VM_GET_VMID', type: 'reply', error: 'OK', payload: { vmid: 7 } };
    const path = input('list.ndjson', [started(1, {}), list]);
    expect(await fields(path, '-e', 'payload', '-e', 'TYPE', '--separator', '|')).toMatch(
      /^"?\{""?vmid""?:1\}"?\|request\n/,
    );
    expect(await fields(path, '--frames', '-e', 'frame', '-e', 'size')).toBe('1\t12\n2\t16\n');
    expect(await fields(path, '-e', 'no', '--filter', 'type == reply')).toBe('2\n');
  });

  it.each([
    [['-T', 'fields'], /-T: expected -e with a key, found nothing/],
    [['-e', 'no'], /-T: expected -T fields with -e, found nothing/],
    [['-T', 'feilds', '-e', 'no'], /-T: there is no form feilds; did you mean fields\?/],
    [['-T', 'fields', '-e', 'nam'], /-e: there is no key nam; did you mean name/],
    [
      ['-T', 'fields', '-e', 'payload.vmdi'],
      /-e: there is no field payload\.vmdi; did you mean payload\.vmid/,
    ],
    [['-T', 'fields', '-e', 'no', '--separator', '"'], /--separator: expected csv, tsv/],
    [['-T', 'fields', '-e', 'no', '--to', 'hex'], /--to: expected to stand alone/],
    [['--limit', 'x'], /--limit: "x" is not a number: it must be 0 or more/],
    [['--from-time', 'noon'], /--from-time: expected a time such as/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr, stdout } = await gunyahRm(['decode', lifecycle, ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

describe('parts of captures', () => {
  it('--limit stops reading: what is damaged behind it does not matter', async () => {
    const path = input('damaged.ndjson', [started(1, {}), started(2, {})]);
    writeFileSync(path, 'this is no JSON\n', { flag: 'a' });
    expect((await gunyahRm(['decode', path])).code).toBe(1);
    const { code, stdout, stderr } = await gunyahRm([
      'decode',
      path,
      '-T',
      'fields',
      '-e',
      'no',
      '--limit',
      '1',
    ]);
    expect([code, stdout, stderr]).toEqual([0, '1\n', '']);
    expect(await records(lifecycle, '--limit', '0')).toEqual([]);
    expect(await records(lifecycle, '--limit', '3', '--filter', 'type == reply')).toHaveLength(3);
  });

  it('--limit may be reached by a message that the capture ends in', async () => {
    const { stdout } = await gunyahRm(['decode', '--frames', '--json', lifecycle, '--limit', '1']);
    const frame = JSON.parse(stdout);
    const raw = frame.raw as string;
    const cut = input('cut.ndjson', [{ ...frame, fragments: 1, raw: `${raw.slice(0, 2)}05${raw.slice(4)}` }]);
    for (const options of [
      ['--json'],
      ['--summary'],
      ['--to', 'hex'],
      ['--to', 'parquet', '-o', `${cut}.tables`],
    ]) {
      const { code, stderr } = await gunyahRm(['decode', cut, '--limit', '1', ...options]);
      expect([code, stderr]).toEqual([1, options.includes('parquet') ? expect.any(String) : '']);
    }
  });

  it('--from-time and --to-time: times as printed, of a day or with the date', async () => {
    const all = await records(lifecycle);
    const [from, to] = [all[10]?.time as string, all[20]?.time as string];
    const expected = all.filter(({ time }) => time >= from && time <= to);
    expect(await records(lifecycle, '--from-time', from, '--to-time', to)).toEqual(expected);
    const ofDay = (time: string) => time.slice(11, -1);
    expect(await records(lifecycle, '--from-time', ofDay(from), '--to-time', ofDay(to))).toEqual(expected);
  });
});

describe('several captures', () => {
  it('in the order of time, numbered anew; packets without time keep their place', async () => {
    const at = (second: number) => ({ time: `2023-11-14T22:13:0${second}.000000000Z` });
    const a = input('a.ndjson', [started(1, at(1)), started(2, {}), started(3, at(5))]);
    const b = input('b.ndjson', [started(4, at(2)), started(5, at(4)), started(6, at(6))]);
    const merged = await records(a, b);
    expect(merged.map(({ payload }) => payload?.vmid)).toEqual([1, 2, 4, 5, 3, 6]);
    expect(merged.map(({ frame }) => frame)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await gunyahRm(['decode', '-', '-'])).code).toBe(2);
  });

  it('a damaged one does not keep the others from being read', async () => {
    const bad = join(folder, 'bad');
    writeFileSync(bad, 'what is this\n');
    const { code, stdout, stderr } = await gunyahRm(['decode', bad, lifecycle, '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('bad: offset 0: the format is not recognised');
    expect(stdout.split('\n')).toHaveLength((await records(lifecycle)).length + 1);
  });

  it('convert together', async () => {
    const hex = (...files: string[]) => gunyahRm(['decode', ...files, '--to', 'hex']);
    const { stdout: one } = await hex(lifecycle);
    const { stdout: two } = await hex(lifecycle, lifecycle);
    const lines = (text: string) => text.split('\n').slice(0, -1).sort();
    expect(lines(two)).toEqual(lines(one + one));
  });
});
