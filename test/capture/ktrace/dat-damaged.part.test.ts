import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireError } from '../../../src/base/error.js';
import { budget } from '../../part.js';
import { holds } from '../../seeded.js';
import { readTrace } from './read.js';
import { recordedDat as file } from './version6.js';

it('a trace.dat cut anywhere, or with any byte changed, ends in a WireError or in messages', () => {
  const attempt = (bytes: Uint8Array) => {
    try {
      readTrace(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  };
  holds(
    fc.property(fc.nat(file.length - 1), (length) => attempt(file.subarray(0, length + 1))),
    budget(100),
  );
  holds(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = file.slice();
      bytes[at] = (bytes[at] as number) ^ change;
      attempt(bytes);
    }),
    budget(500),
  );
});
