import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { ownFolder } from '../own-folder.js';

const example = resolve(import.meta.dirname, '../../captures/lint/rm23/vm-dealloc-unknown-vmid.ndjson');
const scenario = resolve(import.meta.dirname, '../../captures/scenarios/boot.ndjson');

interface Sarif {
  readonly version: string;
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: { readonly name: string; readonly rules: readonly { id: string }[] };
      };
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly message: { readonly text: string };
        readonly locations: readonly {
          physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
        }[];
      }[];
    },
  ];
}

describe('lint', () => {
  it('shows the message with its bytes underlined', async () => {
    const { code, stdout } = await gunyahRm(['lint', example], { columns: 80, env: { NO_COLOR: '1' } });
    expect(code).toBe(1);
    expect(stdout).toContain('step 1: fatal rm23/vm-dealloc-unknown-vmid');
    expect(stdout).toMatch(/ {2}0000 {2}4d 00 00 00\n {8}\^{5} vmid\n/);
    for (const line of stdout.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('prints NDJSON with the keys of the contract', async () => {
    const { stdout } = await gunyahRm(['lint', '--json', example]);
    expect(JSON.parse(stdout)).toEqual({
      file: example,
      step: 1,
      rule: 'rm23/vm-dealloc-unknown-vmid',
      level: 'fatal',
      peers: ['rm23'],
      path: 'vmid',
      offset: 0,
      text: expect.stringContaining('no VM has that VMID'),
      instead: expect.any(String),
      source: expect.any(String),
    });
  });

  it('writes SARIF whose results name rules of the tool and lines of the file', async () => {
    const { stdout } = await gunyahRm(['lint', '--peer', 'rm23', '--format', 'sarif', example, scenario]);
    const { version, runs } = JSON.parse(stdout) as Sarif;
    expect([version, runs.length]).toEqual(['2.1.0', 1]);
    const [{ tool, results }] = runs;
    expect(tool.driver.name).toBe('gunyah-rm');
    expect(new Set(tool.driver.rules.map(({ id }) => id)).size).toBe(tool.driver.rules.length);
    expect(results).toHaveLength(1);
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      expect(['error', 'warning', 'note', 'none']).toContain(level);
      expect(message.text).not.toBe('');
      expect(locations[0]?.physicalLocation.artifactLocation.uri).toBe(encodeURI(example));
      expect(locations[0]?.physicalLocation.region.startLine).toBe(2);
    }
  });

  it('prints annotations', async () => {
    const { stdout } = await gunyahRm(['lint', '--format', 'github', example]);
    expect(stdout).toMatch(
      /^::error file=[^:]+,line=2,title=rm23\/vm-dealloc-unknown-vmid::step 1: [^\n]+\n$/,
    );
  });

  it('leaves out what is ignored, known, too harmless, or of no peer that is asked for', async () => {
    const known = join(ownFolder(), 'known.json');
    const options = [
      ['--ignore', 'rm23/vm-dealloc-unknown-vmid'],
      ['--write-baseline', known],
      ['--baseline', known],
    ];
    for (const option of options) {
      const { code, stdout } = await gunyahRm(['lint', ...option, example]);
      expect([option, code, stdout]).toEqual([option, 0, '0 findings\n']);
    }
    expect(Object.keys(JSON.parse(readFileSync(known, 'utf8')).findings)).toHaveLength(1);
    const malformed = example.replace('rm23/vm-dealloc-unknown-vmid', 'wire/malformed');
    expect((await gunyahRm(['lint', malformed])).code).toBe(1);
    expect((await gunyahRm(['lint', '--level', 'hangs', malformed])).code).toBe(0);
  });

  it('reads all recordings of a file, packed or not', async () => {
    const lines = readFileSync(example, 'utf8');
    const file = join(ownFolder(), 'several.ndjson.gz');
    writeFileSync(file, gzipSync(`${lines}${lines.replace('"scenario":"', '"scenario":"second ')}`));
    const { stdout } = await gunyahRm(['lint', '--json', file]);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ scenario, step }) => [scenario, step])).toEqual([
      [undefined, 1],
      ['second rm23/vm-dealloc-unknown-vmid', 1],
    ]);
    expect((await gunyahRm(['replay', file])).stdout).toMatch(/^2 steps, 2 equal, 0 different\n$/);
    expect((await gunyahRm(['lint', file])).stdout).toContain(
      'second rm23/vm-dealloc-unknown-vmid, step 1: fatal',
    );
  });

  it('lists and explains rules', async () => {
    expect((await gunyahRm(['lint', '--rules'])).stdout).toMatch(/^rm23\/vm-dealloc-unknown-vmid +fatal +\S/);
    const { stdout } = await gunyahRm(['lint', '--explain', 'rm23/vm-dealloc-unknown-vmid']);
    expect(stdout).toContain(readFileSync(example, 'utf8').trimEnd());
    expect((await gunyahRm(['lint', '--explain', 'rm23/nothing'])).code).toBe(2);
    expect((await gunyahRm(['lint'])).code).toBe(2);
  });

  it('says nothing above suspicious of an ordinary boot', async () => {
    const folder = ownFolder();
    cpSync(join(scenario, '../dtb'), join(folder, 'dtb'), { recursive: true });
    const capture = join(folder, 'boot.pcapng');
    expect((await gunyahRm(['simulate', scenario, '-o', capture])).code).toBe(0);
    const { code, stdout } = await gunyahRm(['lint', '--level', 'hangs', capture]);
    expect([code, stdout]).toEqual([0, '0 findings\n']);
  });

  it('names the file that loads another one which is not there', async () => {
    const alone = join(ownFolder(), 'boot.ndjson');
    copyFileSync(scenario, alone);
    const { code, stderr } = await gunyahRm(['lint', alone]);
    expect(code).toBe(3);
    expect(stderr).toContain(`example.dtb: ${alone} loads it, and it is in none of the folders`);
    expect(stderr).toMatch(/: copy it to one of them\n$/);
  });
});
