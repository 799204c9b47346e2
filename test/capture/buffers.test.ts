import { expect, test } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { inputFormats, openReader } from '../../src/capture/input/index.js';

test.each(inputFormats)(
  'a slice of a packet is a copy, also of a Buffer that is used again: $name',
  (format) => {
    const { name, example } = format;
    const bytes = 'begins' in format ? parseHex(example.replaceAll('\n', '')) : Buffer.from(`${example}\n`);
    const slices = (input: Uint8Array) => {
      const found: Uint8Array[] = [];
      const reader = openReader(
        protocol,
        name,
        ({ data, start, end }) => found.push(data.slice(start, end)),
        () => {},
      );
      reader.push(input);
      input.fill(0);
      reader.end();
      return found.map((slice) => [...slice]);
    };
    const plain = slices(Uint8Array.from(bytes as Uint8Array));
    expect(plain).not.toEqual([]);
    expect(slices(Buffer.from(bytes as Uint8Array))).toEqual(plain);
  },
);
