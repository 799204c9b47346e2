import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { protocol, VM_START } from '../../schemas/index.js';
import { writeFrame } from '../../src/rpc/index.js';
import { PcapngBuilder, upperPdu } from '../capture/build.js';
import { patienceMs } from '../patience.js';
import { main } from './bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-one-processor-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs in which the command hung at its end before: one of five. */
const RUNS = 16;

it.runIf(process.platform === 'linux')('a command ends where there is one processor only', () => {
  const payload = new Uint8Array(10 << 20);
  const header = { type: 1, fragments: 0, seq: 1, msg_id: VM_START.id };
  const message = writeFrame(protocol, header, payload, 0, payload.length);
  const file = join(folder, 'large.pcapng');
  const capture = new PcapngBuilder()
    .interface(252)
    .simple(upperPdu(3, 255, message))
    .done();
  writeFileSync(file, capture);
  for (let run = 0; run < RUNS; run++) {
    const words = ['-c', '0', process.execPath, main, 'decode', file];
    const { status, error } = spawnSync('taskset', words, { timeout: patienceMs, killSignal: 'SIGKILL' });
    expect({ status, error }).toEqual({ status: 1, error: undefined });
  }
});
