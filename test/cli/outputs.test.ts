import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { gunyahRm, type RunOptions } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-outputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const capture = recorded('vm-lifecycle.pcapng');
const line = '{"from":3,"to":255,"type":"request","seq":1,"name":"VM_START","payload":{"vmid":128}}\n';

beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  writeFileSync(path('a'), capture);
  writeFileSync(path('b'), capture);
  writeFileSync(path('lines'), line);
  writeFileSync(path('vm.dtb'), 'tree');
  writeFileSync(
    path('s.scenario'),
    '{"scenario":"s"}\n{"op":"load","address":"0x89000000","file":"vm.dtb"}\n{"from":3,"name":"VM_GET_VMID"}\n',
  );
  linkSync(path('a'), path('hard'));
  symlinkSync('a', path('soft'));
});

/** Names and contents of all files, to see that nothing changed. */
function contents(): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path(name), 'latin1')]));
}

async function refused(args: readonly string[], options?: RunOptions): Promise<string> {
  const before = contents();
  const { code, stderr, stdout } = await gunyahRm(args, options);
  expect([code, stdout, stderr.split('\n').length], stderr).toEqual([2, '', 2]);
  expect(contents()).toEqual(before);
  return stderr;
}

describe('an output', () => {
  it.each([
    ['decode a -o a'],
    ['decode a -o hard'],
    ['decode hard -o soft'],
    ['decode soft --to pcapng -o a'],
    ['decode a --json -o ./soft'],
    ['encode lines -o lines --to hex'],
    ['diff a b -o a'],
    ['diff a b -o b'],
    ['diff b a -o soft --json'],
    ['inspect a -o soft'],
    ['lint a --write-baseline soft'],
    ['lint s.scenario --write-baseline s.scenario'],
    ['simulate s.scenario -o s.scenario'],
    ['simulate s.scenario -o vm.dtb'],
    ['serve --socket rm.sock --load 0x89000000=vm.dtb --tap vm.dtb'],
  ])('is no input: %s', async (words) => {
    const args = words
      .split(' ')
      .map((word) =>
        existsSync(path(word)) || word === 'rm.sock' ? path(word) : word.replace('=vm', `=${path('vm')}`),
      );
    expect(await refused(args)).toContain('expected another file than what is read');
  });

  it.each([
    ['decode - --to pcapng -o FILE'],
    ['decode - -o FILE'],
    ['inspect - -o FILE'],
    ['diff - OTHER -o FILE'],
  ])('is not standard input: %s', async (words) => {
    const inputFd = openSync(path('a'), 'r');
    const args = words.split(' ').map((word) => ({ FILE: path('soft'), OTHER: path('b') })[word] ?? word);
    expect(await refused(args, { input: capture, inputFd })).toContain('another file than what is read');
    closeSync(inputFd);
  });

  it('is no campaign that is merged', async () => {
    const campaign = path('campaign');
    await gunyahRm(['fuzz', '--runs', '1', '--plays', '0', '--out', campaign]);
    symlinkSync('campaign', path('same'));
    const files = () => readdirSync(campaign, { recursive: true, encoding: 'utf8' });
    const before = [files(), readFileSync(join(campaign, 'state.json'), 'utf8')];
    for (const out of ['campaign', 'same']) {
      const { code, stdout, stderr } = await gunyahRm(['fuzz', 'merge', campaign, '--out', path(out)]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--out: expected another file than what is read');
    }
    expect([files(), readFileSync(join(campaign, 'state.json'), 'utf8')]).toEqual(before);
  });

  it('is not the file that standard output goes to', async () => {
    const outputFd = openSync(path('b'), 'a');
    expect(await refused(['decode', path('b')], { outputFd })).toContain('not standard output');
    expect(await refused(['simulate', path('s.scenario'), '-o', path('b')], { outputFd })).toContain(
      'other output',
    );
    closeSync(outputFd);
  });

  it('has a name', async () => {
    for (const args of [
      ['decode', path('a'), '-o', ''],
      ['serve', '--socket', ''],
      ['serve', '--dgram', ''],
      ['serve', '--socket', path('rm.sock'), '--tap', ''],
      ['golden', '--check', ''],
      ['golden', '--out', ''],
      ['fuzz', 'corpus', '--out', ''],
      ['fuzz', '--runs', '1', '--out', ''],
    ])
      expect(await refused(args), args.join(' ')).toContain('expected a name, not an empty text');
  });

  it('is what the help says of the argument', async () => {
    expect(await refused(['decode', ''])).toMatch(/file: expected .*standard input, not an empty text/);
    expect(await refused(['query', '', path('a')])).toContain(
      'sql: expected a query, or the name of a question, not an empty text',
    );
  });

  it('stays as it was when the command fails', async () => {
    writeFileSync(path('old'), 'old');
    for (const [args, code] of [
      [['decode', path('none'), '-o', path('old')], 3],
      [['decode', path('vm.dtb'), '-o', path('old')], 1],
      [['decode', path('vm.dtb'), '--to', 'pcapng', '-o', path('old')], 1],
      [['diff', path('a'), path('none'), '-o', path('old')], 3],
      [['inspect', path('none'), '-o', path('old')], 3],
      [['simulate', path('lines'), '-o', path('old')], 2],
    ] as const) {
      expect((await gunyahRm(args)).code, args.join(' ')).toBe(code);
      expect(readFileSync(path('old'), 'utf8')).toBe('old');
      expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    }
  });

  it('is no page when inspect can read nothing', async () => {
    writeFileSync(path('empty'), '');
    writeFileSync(path('torn.gz'), gzipSync(capture).subarray(0, 20));
    writeFileSync(path('text.gz'), gzipSync('nothing of ours\n'));
    for (const name of ['empty', 'torn.gz', 'text.gz', 'vm.dtb']) {
      const { code, stderr } = await gunyahRm(['inspect', path(name), '-o', path('page.html')]);
      expect(stderr).toMatch(new RegExp(`^gunyah-rm: ${path(name)}: .*\\n$`));
      expect([code, existsSync(path('page.html'))]).toEqual([1, false]);
    }
  });

  it('of a damaged input is kept, and that is said', async () => {
    writeFileSync(path('cut'), capture.subarray(0, 3001));
    for (const [options, name] of [
      [[], 'text'],
      [['--json'], 'json'],
      [['--to', 'pcapng'], 'x.pcapng'],
    ] as const) {
      const { code, stderr } = await gunyahRm(['decode', path('cut'), ...options, '-o', path(name)]);
      expect(stderr).toMatch(/cut: .* bytes are needed, .*\n.*: holds only what came before the damage\n$/);
      expect([code, statSync(path(name)).size > 500]).toEqual([1, true]);
    }
    writeFileSync(
      path('cut.scenario'),
      '{"scenario":"s"}\n{"from":3,"name":"VM_GET_VMID"}\n{"op":"nonsense"}\n',
    );
    const { code, stdout, stderr } = await gunyahRm([
      'simulate',
      path('cut.scenario'),
      '-o',
      path('sim.pcapng'),
    ]);
    expect(stderr).toContain(`${path('cut.scenario')}: line 3: step 2: op, `);
    expect([code, stdout]).toEqual([1, expect.stringContaining('VM_GET_VMID')]);
    expect((await gunyahRm(['decode', path('sim.pcapng')])).stdout).toContain('VM_GET_VMID');
  });

  it('keeps permissions, links and what is behind them', async () => {
    writeFileSync(path('real'), 'old');
    chmodSync(path('real'), 0o640);
    symlinkSync('real', path('link'));
    symlinkSync('made', path('dangling'));
    for (const name of ['link', 'dangling'])
      await gunyahRm(['decode', path('a'), '--to', 'hex', '-o', path(name)]);
    expect(readFileSync(path('real'), 'utf8')).toMatch(/^3>255 21/);
    expect(readFileSync(path('made'), 'utf8')).toBe(readFileSync(path('real'), 'utf8'));
    expect(statSync(path('real')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('may be a device', async () => {
    expect((await gunyahRm(['decode', path('a'), '-o', '/dev/null'])).code).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk leaves nothing behind (needs /dev/full)', async () => {
    expect((await gunyahRm(['decode', path('a'), '-o', '/dev/full'])).code).toBe(3);
    expect((await gunyahRm(['decode', path('a'), '-o', path('vm.dtb/x')])).code).toBe(3);
    expect((await gunyahRm(['decode', path('a'), '-o', folder])).stderr).toContain('is a directory');
  });
});

describe('the ending of an output', () => {
  it('says its form', async () => {
    const magic = Buffer.from([0x0a, 0x0d, 0x0d, 0x0a]);
    for (const [args, name, start] of [
      [['decode', path('a')], 'x.pcapng', magic],
      [['decode', path('a')], 'x.hex', Buffer.from('3>255 21')],
      [['decode', path('a')], 'x.ndjson', Buffer.from('{"no":1')],
      [['decode', path('a'), '--summary'], 'x.json', Buffer.from('{"records"')],
      [['diff', path('a'), path('b')], 'd.json', Buffer.from('{"diff"')],
      [['describe', 'VM_START'], 'm.json', Buffer.from('{')],
      [['query', 'SELECT 1 AS one', path('a'), '--format', 'json'], 'q.json', Buffer.from('[{"one"')],
      [['query', 'SELECT 1 AS one', path('a'), '--format', 'csv'], 'q.csv', Buffer.from('one')],
      [['encode', path('lines')], 'y.PCAPNG', magic],
      [['encode', path('lines')], 'y.bin', Buffer.from([0x21, 1, 1, 0])],
    ] as const) {
      const { code, stderr } = await gunyahRm([...args, '-o', path(name)]);
      expect([code, stderr]).toEqual([0, '']);
      expect(readFileSync(path(name)).subarray(0, start.length)).toEqual(start);
    }
  });

  it.each([
    ['decode a --json -o x.pcapng'],
    ['decode a --summary -o x.pcapng'],
    ['decode a --hex -o x.hex'],
    ['decode a --to hex -o x.pcapng'],
    ['decode a --to pcapng -o x.json'],
    ['decode a -o x.bin'],
    ['decode a -o x.pcap'],
    ['decode a --to hex -o x.pcapng.gz'],
    ['encode lines --to hex -o x.pcapng'],
    ['encode lines -o x.json'],
    ['diff a b -o x.pcapng'],
    ['describe -o x.pcapng'],
    ['export lua -o x.json'],
    ['query slowest a --format csv -o x.pcapng'],
    ['query slowest a --format parquet -o x.csv'],
    ['query slowest a -o x.csv'],
    ['decode a -o x.csv'],
    ['decode a --json -o x.parquet'],
    ['inspect a -o x.pcapng'],
    ['simulate s.scenario -o x.ndjson'],
    ['serve --socket x.sock --tap x.json'],
  ])('contradicts no option: %s', async (words) => {
    const args = words
      .split(' ')
      .map((word) => (/^(a|b|lines|s\.scenario|x\..*)$/.test(word) ? path(word) : word));
    await refused(args);
  });
});

describe('a scenario', () => {
  it('loads nothing from above its folder, unless told', async () => {
    mkdirSync(path('own'));
    symlinkSync('../vm.dtb', path('own/link.dtb'));
    for (const file of ['../vm.dtb', `../../${folder.split('/').at(-1)}/vm.dtb`, 'link.dtb']) {
      const text = `{"scenario":"s"}\n{"op":"load","address":"0x89000000","file":"${file}"}\n`;
      writeFileSync(path('own/s'), text);
      for (const command of [['simulate'], ['replay'], ['fuzz', 'reproduce']]) {
        const { code, stderr } = await gunyahRm([...command, path('own/s')]);
        expect(stderr).toContain('own/s: line 2: ');
        expect(stderr).toContain('file, offset 0: expected a file in the folder of the scenario');
        expect(code).toBe(1);
        expect((await gunyahRm([...command, path('own/s'), '--allow-outside'])).code).toBe(0);
      }
    }
  });
});
