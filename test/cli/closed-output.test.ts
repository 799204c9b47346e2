import { expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';

const line = `{"from":3,"to":255,"type":"request","seq":1,"name":"VM_GET_STATE","payload":{"vmid":128}}\n`;

it.each([
  ['decode', '--json'],
  ['decode', '--to', 'hex'],
  ['encode', '--to', 'hex'],
])('%s %s stops reading when nobody reads its output', async (command, ...options) => {
  let reads = 0;
  let writes = 0;
  const code = await run([command, '-', ...options], {
    ...noStdio,
    read: (into) => {
      reads++;
      // Without an end: the command itself has to stop.
      return reads > 100 ? 0 : Buffer.from(line).copy(into);
    },
    write: () => {
      writes++;
      return false;
    },
  });
  expect({ code, reads, writes }).toEqual({ code: 0, reads: 1, writes: 1 });
});
