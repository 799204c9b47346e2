import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StampReader } from '../../../src/capture/ktrace/stamp.js';
import { holds } from '../../seeded.js';

const forms = [
  '[   18.914725] ',
  '[   18.914725][  T168] ',
  '[   18.914725][    C1] ',
  '<7>[   18.914725] ',
  'kern  :debug : [   18.914725 <    0.000878>] ',
  '7,1203,18914725,-;',
  '7,1203,18914725,-,caller=T168;',
  '2026-11-21T13:14:07,317622+00:00 ',
  '2026-11-21T13:14:07+0530 device kernel: ',
  'Sat 2026-11-21 13:14:20 UTC device2 kernel: ',
  '[Sat Nov 21 13:14:07 2026] ',
  '[Sat Dec 21 13:14:07 2026] ',
  'Nov 21 13:14:20 device kernel: [   20.123456] ',
  '1763730860.317622 device kernel: ',
  '11-21 13:14:20.003     0     0 D kernel  : ',
  'D/kernel  (  168): ',
  '',
];

const stamp = fc
  .tuple(fc.constantFrom(...forms), fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }), fc.boolean())
  .map(([form, digits, changes]) => {
    let index = 0;
    return changes ? form.replace(/\d/g, () => String(digits[index++ % digits.length])) : form;
  });

function read(reader: StampReader, text: string): unknown {
  const data = Buffer.from(`>${text}<`);
  reader.read(data, 1, data.length - 1);
  const { caller, time } = reader;
  return { caller, time };
}

it('the stamp of a line is read the same whatever stood before the lines before it', () => {
  holds(
    fc.property(fc.array(stamp, { minLength: 2, maxLength: 12 }), (texts) => {
      const reader = new StampReader();
      for (const text of texts) expect(read(reader, text)).toEqual(read(new StampReader(), text));
    }),
    300,
  );
});

it('a stamp whose form was seen before is found without its end', () => {
  holds(
    fc.property(fc.array(stamp, { minLength: 2, maxLength: 12 }), (texts) => {
      const reader = new StampReader();
      const isName = (data: Uint8Array, at: number) => data[at] === '|'.charCodeAt(0);
      for (const text of texts) {
        const data = Buffer.from(`>${text}|`);
        read(reader, text);
        expect(reader.readKnown(data, 1, data.length, isName)).toBe(data.length - 1);
        const { caller, time } = reader;
        expect({ caller, time }).toEqual(read(new StampReader(), text));
      }
    }),
    300,
  );
});

it.each([
  ['[2026-11-21 13:14:07] [   18.914725] ', 18_914_725_000n, 'mono', ''],
  ['boot.log:[   18.914725][    C1] ', 18_914_725_000n, 'mono', 'C1'],
  ['[   18.914725][  T168] ', 18_914_725_000n, 'mono', 'T168'],
  ['2026-11-21T13:14:07,317622+01:30 ', 1_795_261_447_317_622_000n, 'wall', ''],
  ['Nov 21 13:14:20 device kernel: [   20.123456] ', 20_123_456_000n, 'mono', ''],
])('%j', (text, ns, clock, caller) => {
  expect(read(new StampReader(), text)).toEqual({ caller, time: { ns, clock } });
});

it('a date with a day of too many digits is no time', () => {
  expect(read(new StampReader(), `[Sat Nov ${'9'.repeat(30)} 13:14:07 2026] `)).toEqual({ caller: '' });
});
