import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { parseHex } from '../../src/base/hex.js';
import {
  cell,
  child,
  contains,
  nodeAt,
  nodeByPhandle,
  parseFdt,
  pathOf,
  property,
  readFdtHeader,
  string,
  walk,
} from '../../src/devicetree/index.js';
import { cpuTimeMs } from '../cpu-time.js';
import { recordedLines } from '../recorded.js';
import { holds } from '../seeded.js';
import { buildFdt } from './build.js';

const blobs = recordedLines<{ file: string; bytes: string }>('dtb.ndjson').map(({ file, bytes }) => ({
  file,
  blob: parseHex(bytes) as Uint8Array,
}));
const plain = blobs.find(({ file }) => file === 'vm.dtb')?.blob as Uint8Array;

/** The code of what reading a blob throws; undefined when it can be read. */
function refusal(blob: Uint8Array): string | undefined {
  try {
    for (const node of walk(parseFdt(blob))) pathOf(node);
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

describe('devicetree blobs', () => {
  it('are read: every recorded one', () => {
    expect(blobs.length).toBeGreaterThan(100);
    for (const { file, blob } of blobs) {
      expect([file, refusal(blob)]).toEqual([file, undefined]);
      expect(readFdtHeader(blob).totalSize).toBe(blob.byteLength);
    }
  });

  it('give nodes and properties in tree order', () => {
    const root = parseFdt(plain);
    expect(root.children.map(({ name }) => name)).toContain('cpus');
    const cpus = nodeAt(root, '/cpus');
    expect(cpus === undefined ? undefined : cell(cpus, '#address-cells')).toBeGreaterThan(0);
    const cpu = cpus?.children[0];
    expect(cpu === undefined ? undefined : [string(cpu, 'device_type'), pathOf(cpu)]).toEqual([
      'cpu',
      '/cpus/cpu@0',
    ]);
    expect(nodeAt(root, '/cpus/cpu')).toBe(cpu);
    expect(nodeAt(root, '/cpus/cpu@1/no')).toBeUndefined();
    expect(nodeAt(root, 'nosuchalias/x')).toBeUndefined();
    expect(child(root, 'nosuch')).toBeUndefined();
    expect(nodeByPhandle(root, 0xabcdef)).toBeUndefined();
    const config = root.children.find((node) => contains(node, 'compatible', 'qcom,vm-1.0')) ?? root;
    expect(property(config, 'nosuch')).toBeUndefined();
    expect([...walk(root)].at(0)).toBe(root);
  });

  it('never bring about anything but a WireError', () => {
    const change = fc.tuple(fc.nat(plain.byteLength - 1), fc.integer({ min: 0, max: 255 }));
    holds(
      fc.property(fc.array(change, { maxLength: 12 }), fc.nat(plain.byteLength), (changes, size) => {
        const blob = plain.slice(0, size < 200 ? plain.byteLength : size);
        for (const [at, value] of changes) if (at < blob.byteLength) blob[at] = value;
        expect([undefined, 'fdt_header', 'fdt_structure']).toContain(refusal(blob));
      }),
      2000,
    );
    holds(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(refusal(bytes)).toBe('fdt_header');
      }),
    );
  });

  it('are refused when their header contradicts itself', () => {
    const broken = (offset: number, value: number) => {
      const blob = plain.slice();
      new DataView(blob.buffer).setUint32(offset, value);
      return refusal(blob);
    };
    expect(broken(0, 0xd00dfeee)).toBe('fdt_header');
    for (const offset of [4, 8, 12, 32, 36]) {
      expect(broken(offset, 0xffffffff)).toBe('fdt_header');
      expect(broken(offset, plain.byteLength + 1)).toBe('fdt_header');
    }
    expect(broken(20, 15)).toBe('fdt_header');
  });

  it('may be as deep as they are long', () => {
    const depth = 20_000;
    const structure = new Uint8Array(depth * 12 + 4);
    const view = new DataView(structure.buffer);
    for (let level = 0; level < depth; level++) {
      view.setUint32(level * 8, 1);
      view.setUint32(depth * 8 + level * 4, 2);
    }
    view.setUint32(depth * 12, 9);
    const blob = new Uint8Array(56 + structure.byteLength);
    const header = new DataView(blob.buffer);
    const words = [0xd00dfeed, blob.byteLength, 56, blob.byteLength, 40, 17, 16, 0, 0, structure.byteLength];
    for (const [index, word] of words.entries()) header.setUint32(index * 4, word);
    blob.set(structure, 56);
    let count = 0;
    for (const _ of walk(parseFdt(blob))) count++;
    expect(count).toBe(depth);
  });

  it('take work and memory in proportion, though all names share one long string', () => {
    const count = 10_000;
    const stringsSize = 130_000;
    const structure = new Uint8Array(8 + count * 12 + 8);
    const view = new DataView(structure.buffer);
    view.setUint32(0, 1);
    for (let index = 0; index < count; index++) {
      view.setUint32(8 + index * 12, 3);
      view.setUint32(8 + index * 12 + 8, index);
    }
    view.setUint32(8 + count * 12, 2);
    view.setUint32(8 + count * 12 + 4, 9);
    const blob = new Uint8Array(56 + structure.byteLength + stringsSize);
    const header = new DataView(blob.buffer);
    const stringsAt = 56 + structure.byteLength;
    const words = [0xd00dfeed, blob.length, 56, stringsAt, 40, 17, 16, 0, stringsSize, structure.byteLength];
    for (const [index, word] of words.entries()) header.setUint32(index * 4, word);
    blob.set(structure, 56);
    blob.fill(0x61, stringsAt, blob.length - 1);
    const before = process.memoryUsage().rss;
    const time = cpuTimeMs(() => {
      const root = parseFdt(blob);
      expect(property(root, 'reg')).toBeUndefined();
      expect(property(root, 'a'.repeat(stringsSize - 1))).toHaveLength(0);
      expect(root.properties[count - 1]?.name).toHaveLength(stringsSize - count);
    });
    // Each name read by itself took 39 s and 4.3 GB.
    expect(time).toBeLessThan(10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(1e9);
  });

  it('find children by name as in a short list, also among many', () => {
    const root = parseFdt(
      buildFdt({
        children: Object.fromEntries(
          Array.from({ length: 40 }, (_, index) => [
            `cpu@${index}`,
            { properties: { phandle: [index % 7] } },
          ]),
        ),
      }),
    );
    expect(child(root, 'cpu')).toBe(root.children[0]);
    expect(child(root, 'cpu@31')).toBe(root.children[31]);
    expect(child(root, 'cp')).toBeUndefined();
    expect(nodeByPhandle(root, 3)).toBe(root.children[3]);
  });
});
