import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { exportLua } from '../../src/export/lua.js';
import { allParts } from '../../src/export/parts.js';
import { noEvidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { plainSizeMax } from '../../src/golden/json.js';
import { gunyahRm } from '../cli/run.js';
import { ownFolder } from '../own-folder.js';
import { recorded } from '../recorded.js';
import { seedOf, withSeed } from '../seeded.js';
import { agreementOn } from './agreement.js';
import { goldenCapture, mutatedCapture } from './captures.js';
import { isInstalled, isWanted } from './tools.js';

const hasTshark = isWanted('tshark');

describe('the dissector', () => {
  const compilers = ['luac5.1', 'luac5.2', 'luac5.3', 'luac5.4'].filter(isInstalled);
  const script = exportLua(protocol);

  it(`compiles with ${compilers.join(', ') || 'no Lua, for none is installed'}`, () => {
    for (const name of compilers) {
      const { status, stderr } = spawnSync(name, ['-p', '-'], { input: script });
      expect(`${status} ${stderr}`, name).toBe('0 ');
    }
  });

  it('uses nothing that only some versions of Lua have', () => {
    const code = script.replace(/--.*$/gm, '').replace(/"(\\.|[^"\\])*"/g, '""');
    expect(code).not.toMatch(/\bgoto\b|\/\/|[&|~]\s|<<|>>|\bbit32?\b|\bunpack\b|\bsetfenv\b|\bloadstring\b/);
  });

  it('has every field of every message under the names of the schemas', () => {
    for (const { message, layout } of allParts(protocol)) {
      expect(script).toContain(`"${message.name}"`);
      for (const { name } of layout.fields) expect(script).toContain(`"${name}"`);
    }
  });
});

describe('rules of lint in the dissector', () => {
  it('stand in the script, with the rules of issues', async () => {
    const { stdout } = await gunyahRm(['export', 'lua']);
    expect(stdout).toContain('[0x56000051] = { "rule.rm23.irq_empty_payload"');
    expect(stdout).toContain('The payload ends inside a field (wire/truncated)');
  });

  it.runIf(hasTshark)('are expert info of messages without a payload', async () => {
    const folder = ownFolder();
    const script = join(folder, 'gunyah_rm.lua');
    const capture = join(folder, 'empty.pcapng');
    await gunyahRm(['export', 'lua', '-o', script]);
    const frames = ['2101000051000056', '2101010044000056', '2103000081000056', '2101020024000056'];
    const hex = frames.map((frame) => `3>255 ${frame}`).join('\n');
    await gunyahRm(['decode', '--to', 'pcapng', '-o', capture, '-'], { input: hex });
    const { stdout } = spawnSync(
      'tshark',
      [
        '-X',
        `lua_script:${script}`,
        '-r',
        capture,
        '-T',
        'fields',
        '-e',
        'frame.number',
        '-e',
        '_ws.expert.message',
      ],
      { encoding: 'utf8' },
    );
    const [lend = '', , , vmid = ''] = stdout.split('\n');
    expect(lend).toContain('rm23/irq-empty-payload');
    expect(vmid).not.toContain('rm23/');
  });
});

describe('the Wireshark dissector and decode --json', () => {
  if (!hasTshark) {
    it('tshark is not installed: nothing was compared', () => expect(hasTshark).toBe(false));
    return;
  }

  // The long run has everything.pcapng.
  it.each([
    ['malformed-framing.pcapng', 1179, 250],
    ['memory.pcapng', 2357, 100],
    ['console-irq.pcapng', 802, 10],
    ['vm-lifecycle.pcap', 60, 0],
  ])('agree on every field of %s', async (name, packets, malformed) => {
    const result = await agreementOn(recorded(name));
    expect(result.differences).toEqual([]);
    expect(result.packets).toBe(packets);
    expect(result.malformed).toBeGreaterThanOrEqual(malformed);
  });

  // The long run has those that are longer too.
  it('agree on every field of the golden fixtures', async () => {
    const fixtures = protocol.messages
      .flatMap((message) => fixturesOf(protocol, message, noEvidence))
      .filter(({ payload }) => payload.length <= plainSizeMax);
    const { differences, packets, fields } = await agreementOn(goldenCapture(fixtures));
    expect(differences).toEqual([]);
    expect(packets).toBeGreaterThan(fixtures.length);
    expect(fields).toBeGreaterThan(5000);
  });

  it('agree on 5000 mutated queue messages, without a Lua error', async () => {
    const { differences, packets, malformed } = await withSeed(1, (seed) =>
      agreementOn(mutatedCapture(5000, seed)),
    );
    expect(differences).toEqual([]);
    expect(packets).toBe(5000);
    expect(malformed).toBeGreaterThan(500);
  });
});

describe('the dissector in other versions of Lua', () => {
  const versions = ['lua5.1', 'lua5.4'].filter(isWanted);

  it.each(versions)('%s agrees with decode --json', async (lua) => {
    for (const file of [recorded('malformed-framing.pcapng'), mutatedCapture(2500, seedOf(2))]) {
      expect((await agreementOn(file, lua)).differences).toEqual([]);
    }
  });

  if (versions.length === 0) it('none is installed', () => expect(versions).toEqual([]));
});
