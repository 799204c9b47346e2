import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { ndjsonReader, recordLine } from '../../src/capture/ndjson/index.js';
import type { Packet } from '../../src/capture/packets/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { rmRules } from '../../src/rpc/index.js';

const folder = join(import.meta.dirname, '../../captures/crashers');
const files = readdirSync(folder).filter((name) => name !== 'README.md');
const describePacket = ({ data, start, end }: Packet) => formatHex(data, start, end);

describe('crashers', () => {
  it('are listed', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(files.filter((name) => !readme.includes(`| ${name} |`))).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
  });

  // Those of other targets are put to these in test/fuzz/own.part.test.ts.
  const captured = files.filter((name) => !name.endsWith('.bin'));

  it.each(captured)('%s is decoded, and comes back', (name) => {
    const bytes = readFileSync(join(folder, name));
    const before: string[] = [];
    const after: string[] = [];
    const lines: string[] = [];
    const record = (item: Parameters<typeof recordLine>[1]) => lines.push(recordLine(protocol, item));
    const assembler = new Assembler({ protocol, rules: rmRules, record });
    const format = detectFormat(bytes);
    if (format === undefined || format === 'ndjson') throw new Error(`${name} is no capture`);
    const reader = openReader(
      protocol,
      format,
      (packet) => {
        before.push(describePacket(packet));
        assembler.packet(packet);
      },
      () => {},
    );
    reader.push(bytes);
    reader.end();
    assembler.end();
    const back = ndjsonReader(protocol, (packet) => after.push(describePacket(packet)));
    back.push(new TextEncoder().encode(lines.join('')));
    back.end();
    expect(before.length).toBeGreaterThan(0);
    expect(after).toEqual(before);
  });
});
