import { beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { exportKsy } from '../../src/export/ksy.js';
import { fixtures } from './fixtures.js';
import { kaitaiParser, leavesOfParsed, parsePayload } from './kaitai.js';
import { leavesOfJson } from './leaves-of-json.js';

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
