import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';

const LOG = '[    0.000000] Linux version\n[    0.000001] eth0: link up\n';
const MESSAGE = '21 01 04 00 04 00 00 56 80 00 00 00';

/** What the input says of itself after a text that came in pieces. */
function emptyTextOf(...pieces: readonly string[]) {
  const input = new CaptureInput(
    protocol,
    undefined,
    () => {},
    () => {},
  );
  for (const piece of pieces) input.push(new TextEncoder().encode(piece));
  input.end();
  return input.emptyText;
}

it('counts the lines of a log without messages', () => {
  expect(emptyTextOf(LOG)).toEqual({ format: 'dmesg', lines: 2 });
  expect(emptyTextOf(LOG, LOG.trimEnd())).toEqual({ format: 'dmesg', lines: 4 });
  expect(emptyTextOf(LOG.repeat(2000), LOG)).toEqual({ format: 'dmesg', lines: 4002 });
});

it('is silent about texts with messages, and about formats that may be empty', () => {
  expect(emptyTextOf(LOG, `[    0.000002] rm tx: ${MESSAGE}\n`)).toBeUndefined();
  expect(emptyTextOf(`${MESSAGE}\n`)).toBeUndefined();
  expect(emptyTextOf('{}\n'.replace('{}', '{"id":"0x56000004","payload":{"vmid":128}}'))).toBeUndefined();
});
