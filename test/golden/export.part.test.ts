import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { errnoClients, protocol, unknownErrno } from '../../schemas/index.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { sourceGroups } from '../../src/cli/protocol-facts.js';
import { exportJsonSchema } from '../../src/export/json-schema.js';
import { exportMarkdown } from '../../src/export/markdown.js';
import { type ReassemblyRules, rmRules, rulesByName } from '../../src/rpc/index.js';
import { assemble, frame } from '../capture/capture.js';
import { budget, isWhole } from '../part.js';
import { captures, recorded } from '../recorded.js';
import { withSeed } from '../seeded.js';
import { goldenCapture, mutatedCapture } from './captures.js';
import { fixtures } from './fixtures.js';

describe('the Markdown reference', () => {
  it('is the one that is checked in: schemas/README.md', () => {
    const errno = { clients: errnoClients, unknown: unknownErrno };
    const text = exportMarkdown({ protocol, errno, groups: sourceGroups });
    expect(readFileSync(new URL('../../schemas/README.md', import.meta.url), 'utf8')).toBe(text);
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv2020({ allErrors: false }).compile(JSON.parse(exportJsonSchema(protocol)));

  function linesOf(file: Uint8Array, rules: ReassemblyRules = rmRules): string[] {
    const lines: string[] = [];
    const record = (item: Parameters<typeof recordLine>[1]) => lines.push(recordLine(protocol, item));
    const assembler = new Assembler({ protocol, rules, record });
    const reader = openReader(
      protocol,
      detectFormat(file) as 'pcapng',
      (packet) => assembler.packet(packet),
      () => {},
    );
    reader.push(file);
    reader.end();
    assembler.end();
    return lines;
  }

  /** Most lines are the same whatever the rules are, and are validated once. */
  const valid = new Set<string>();

  function invalid(lines: readonly string[]): string[] {
    const isValid = (line: string) => valid.has(line) || validate(JSON.parse(line));
    const wrong: string[] = [];
    for (const line of lines)
      if (isValid(line)) valid.add(line);
      else wrong.push(line.slice(0, 200));
    return wrong;
  }

  it('takes what decode --json prints of all recordings', () => {
    // The largest recording has nearly all lines, and its turn comes in the second stage.
    const names = captures.filter((name) => isWhole || name !== 'everything.pcapng');
    const lines = names.flatMap((name) => linesOf(recorded(name)));
    expect(invalid(lines)).toEqual([]);
    expect(lines.length).toBeGreaterThan(budget(50_000));
  });

  const mutated = (own: number) => withSeed(own, (seed) => mutatedCapture(budget(5000), seed));
  const mutated5 = mutated(5);

  it.each(Object.entries(rulesByName))('takes what decode --json --rules %s prints', (_, rules) => {
    // Rules differ in what they make of headers and fragments: the first stage leaves the large captures out.
    const names = isWhole ? captures : ['malformed-framing.pcapng', 'vm-second-boot.pcapng'];
    expect(invalid(names.flatMap((name) => linesOf(recorded(name), rules)))).toEqual([]);
    withSeed(5, () => expect(invalid(linesOf(mutated5, rules))).toEqual([]));
  });

  it('takes the headers of packets that a client joins although they differ', () => {
    const messages = [
      [255, 3, frame(3, 1, 1, 0x51100014, '01000000')],
      [255, 3, frame(0, 1, 9, 0x51100014, '02000000')],
    ] as const;
    for (const rulesName of ['a14', 'v17', 'a15', 'q515']) {
      const lines = assemble(messages, { rulesName }).map((record) => recordLine(protocol, record));
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { headers: [expect.any(String), expect.any(String)] },
      ]);
      expect(invalid(lines)).toEqual([]);
    }
  });

  it('takes what it prints of the goldens, and of anything else', () => {
    expect(invalid(linesOf(goldenCapture(fixtures)))).toEqual([]);
    const mutated3 = mutated(3);
    withSeed(3, () => expect(invalid(linesOf(mutated3))).toEqual([]));
  });

  const line = {
    no: 1,
    frame: 1,
    from: 255,
    to: 3,
    type: 'notification',
    seq: 0,
    id: '0x56100008',
    name: 'VM_STATUS',
    payload: { vmid: 128, vm_status: 'RUNNING', os_status: 'NONE', app_status: 0 },
  };
  it.each([
    ['a key that there is not', { ...line, sequence: 1 }],
    ['a field that there is not', { ...line, payload: { ...line.payload, vmidd: 1 } }],
    ['a name that the enum has not', { ...line, payload: { ...line.payload, vm_status: 'RUNS' } }],
    ['a number that does not fit', { ...line, payload: { ...line.payload, app_status: 65536 } }],
    ['a field that is missing', { ...line, payload: { vmid: 128 } }],
    ['a message that there is not', { ...line, name: 'VM_STATES' }],
    ['an id in decimal', { ...line, id: '1443889160' }],
    ['a record without sender', { ...line, from: undefined }],
  ])('refuses %s', (_, wrong) => {
    expect(validate(line)).toBe(true);
    expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false);
  });
});
