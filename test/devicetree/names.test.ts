import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1 } from '../../src/base/text.js';
import { NameBlock } from '../../src/devicetree/names.js';
import { holds } from '../seeded.js';

/** Few characters, so that names are often the end of others. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 });
const names = fc.array(name, { maxLength: 12 });

/** The text of a block, by its definition: a name is where it is found first, with its NUL, or is added. */
function expected(begin: string, asked: readonly string[]): { text: string; offsets: number[] } {
  let text = begin;
  const offsets = asked.map((one) => {
    const at = text.indexOf(`${one}\0`);
    if (at >= 0) return at;
    text += `${one}\0`;
    return text.length - one.length - 1;
  });
  return { text, offsets };
}

test('a name that is the end of another one takes no room, also in a block that does not end in NUL', () => {
  holds(
    fc.property(names, name, names, (begin, open, asked) => {
      const text = begin.map((one) => `${one}\0`).join('') + open;
      const block = new NameBlock(text, true);
      const offsets = asked.map((one) => block.offsetOf(one));
      expect({ text: latin1(block.bytes, 0, block.size), offsets }).toEqual(expected(text, asked));
    }),
    500,
  );
});

test('without shared tails each name has its own place', () => {
  const block = new NameBlock();
  expect(['qcom,label', 'label', 'qcom,label'].map((one) => block.offsetOf(one))).toEqual([0, 11, 0]);
});
