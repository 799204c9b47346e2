import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { cpuTimeMs } from '../cpu-time.js';
import { isWhole } from '../part.js';
import { ascii } from './build.js';
import { collect } from './collect.js';

/** Characters. Time that grew with the square of them would be minutes for the whole. */
const SIZE = isWhole ? 2 ** 18 : 2 ** 15;

const read = (text: string) =>
  collect((...sinks) => new CaptureInput(protocol, undefined, ...sinks), ascii(text));

describe('foreign text', () => {
  const units = [
    '{',
    '{"a":"',
    '"a": ',
    '[33,',
    '"',
    "b'",
    "'\\'",
    '\\x21',
    '/*',
    '0x21, ',
    'IQEE',
    '21 ',
    '0',
    ' ',
    ': ',
    '(',
    '<',
    'x\n',
    '00000000: \n',
    '\\\n',
  ];

  it.each(units)('of %j takes time that grows with its length only', (unit) => {
    for (const text of [
      unit.repeat(SIZE / unit.length),
      `21010400040000568000\n${unit.repeat(SIZE / unit.length)}`,
    ]) {
      expect(cpuTimeMs(() => void read(text))).toBeLessThan(15_000);
    }
  });
});
