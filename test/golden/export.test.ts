import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { errnoClients, protocol, unknownErrno } from '../../schemas/index.js';
import { captureReader, detectFormat } from '../../src/capture/input/index.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { sourceGroups } from '../../src/cli/groups.js';
import { exportJsonSchema } from '../../src/export/json-schema.js';
import { exportKsy } from '../../src/export/ksy.js';
import { exportMarkdown } from '../../src/export/markdown.js';
import { parseEvidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { rmRules } from '../../src/rpc/index.js';
import { captures, recorded } from '../recorded.js';
import { goldenCapture, mutatedCapture } from './captures.js';
import { kaitaiParser, leavesOfParsed, parsePayload } from './kaitai.js';
import { leavesOfJson } from './leaves-of-json.js';

const evidence = parseEvidence(
  JSON.parse(readFileSync(new URL('../../captures/golden/recorded.json', import.meta.url), 'utf8')),
);
const fixtures = protocol.messages.flatMap((message) => fixturesOf(protocol, message, evidence));

describe('the Markdown reference', () => {
  it('is the one that is checked in: schemas/README.md', () => {
    const errno = { clients: errnoClients, unknown: unknownErrno };
    const text = exportMarkdown({ protocol, errno, groups: sourceGroups });
    expect(readFileSync(new URL('../../schemas/README.md', import.meta.url), 'utf8')).toBe(text);
  });
});

describe('the Kaitai Struct file', () => {
  let parser: Awaited<ReturnType<typeof kaitaiParser>>;

  beforeAll(async () => {
    parser = await kaitaiParser(exportKsy(protocol));
  });

  it('makes a parser that agrees on every field of all goldens', () => {
    let fields = 0;
    for (const { name, part, error, payload, frames, value } of fixtures) {
      const message = new Uint8Array([...(frames[0] as Uint8Array).subarray(0, 8), ...payload]);
      const { payload: parsed, rest } = parsePayload(parser, part, error, message);
      expect(rest, name).toBe(0);
      const plain = ({ path, text }: { path: string; text: string }) => `${path}=${text}`;
      const wanted = leavesOfJson(part.layout, value, Object.keys(value as object).length > 0).map((leaf) =>
        plain(leaf.kind === 'flags' ? { ...leaf, text: leaf.text.replace(/:.*/, ':') } : leaf),
      );
      const found = parsed === undefined ? [] : leavesOfParsed(parser, part.layout, parsed).map(plain);
      expect(found, name).toEqual(wanted);
      fields += wanted.length;
    }
    expect(fields).toBeGreaterThan(50_000);
  });

  it('makes a parser that does not take payloads which end too early', () => {
    let refused = 0;
    for (const { part, error, payload, frames, value } of fixtures) {
      const { layout } = part;
      if (layout.fixedSize === undefined || layout.fixedSize === 0 || error) continue;
      const message = new Uint8Array([
        ...(frames[0] as Uint8Array).subarray(0, 8),
        ...payload.subarray(0, -1),
      ]);
      expect(() => parsePayload(parser, part, error, message), JSON.stringify(value)).toThrow(/requested/);
      refused++;
    }
    expect(refused).toBeGreaterThan(300);
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv2020({ allErrors: false }).compile(JSON.parse(exportJsonSchema(protocol)));

  function linesOf(file: Uint8Array): unknown[] {
    const lines: unknown[] = [];
    const record = (item: Parameters<typeof recordLine>[1]) =>
      lines.push(JSON.parse(recordLine(protocol, item)));
    const assembler = new Assembler({ protocol, rules: rmRules, record });
    const reader = captureReader(
      detectFormat(file) as 'pcapng',
      (packet) => assembler.packet(packet),
      () => {},
    );
    reader.push(file);
    reader.end();
    assembler.end();
    return lines;
  }

  const invalid = (lines: readonly unknown[]) =>
    lines.filter((line) => !validate(line)).map((line) => JSON.stringify(line).slice(0, 200));

  it('takes what decode --json prints of all recordings', () => {
    const lines = captures.flatMap((name) => linesOf(recorded(name)));
    expect(invalid(lines)).toEqual([]);
    expect(lines.length).toBeGreaterThan(50_000);
  });

  it('takes what it prints of the goldens, and of anything else', () => {
    expect(invalid(linesOf(goldenCapture(fixtures)))).toEqual([]);
    expect(invalid(linesOf(mutatedCapture(5000, 3)))).toEqual([]);
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
