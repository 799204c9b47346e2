import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { functionsOf } from '../../src/capture/payload/index.js';
import { codecOf } from '../../src/codec/index.js';
import { MessageType } from '../../src/schema/index.js';
import { Random } from '../random.js';
import { withSeed } from '../seeded.js';

const functions = functionsOf(protocol);

it('finds the functions of every message, and those of no message for other ids', () =>
  withSeed(5201, (seed) => {
    for (const [index, message] of protocol.messages.entries()) {
      expect(functions.of(message.id).message).toBe(message);
      expect(functions.indexOf(message.id | 0)).toBe(index);
    }
    const random = new Random(seed);
    const others = [0, 1, 2 ** 31, 2 ** 32 - 1, ...Array.from({ length: 2000 }, () => random.below(2 ** 32))];
    for (const id of others.filter((id) => !protocol.byId.has(id))) {
      expect(functions.of(id).message).toBeUndefined();
      expect(functions.indexOf(id | 0)).toBe(functions.count - 1);
    }
  }));

it('checks payloads of any size as the codec decodes them', () =>
  withSeed(5202, (seed) => {
    const random = new Random(seed);
    let sound = 0;
    for (const { id } of protocol.messages)
      for (const type of Object.values(MessageType))
        for (const error of [0, 1]) {
          const own = functions.of(id).of(type, error);
          if (own === undefined) continue;
          for (let size = 0; size < 60; size++) {
            const bytes = Uint8Array.from({ length: size }, () => random.below(random.below(2) * 255 + 1));
            const view = new DataView(bytes.buffer);
            const expected = codecOf(own.layout).tryDecode(view, 0, size) !== undefined;
            expect(own.check(view, 0, size, undefined)).toBe(expected);
            if (expected) sound++;
          }
        }
    expect(sound).toBeGreaterThan(protocol.messages.length);
  }));
