/**
 * `npm run bench:fuzz`: messages generated, encoded and answered by the simulated manager in one process, beside the
 * cheapest message that there is put to the same manager.
 */
import { protocol, VM_GET_VMID } from '../../schemas/index.js';
import { SimTarget } from '../../src/fuzz/targets/sim.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { newEngine } from '../fuzz/run.js';
import { measure, median, quotient } from './harness.js';

/** Per second: the limit. */
const LIMIT = 200_000;
const BATCH = 2000;
const HLOS = 3;
/** Sessions differ in what they cost; a measure begins when all kinds have been seen. */
const WARM_UP = 600_000;

const plain = new SimTarget();
const [frame] = encodeMessage(protocol, VM_GET_VMID, 'request', { seq: 0, payload: {} });
if (frame === undefined) throw new Error('no frame');

const engine = newEngine({ seed: 1 });
const target = new SimTarget();

function fuzz(messages: number): void {
  for (let count = 0; count < messages; ) {
    const step = engine.next();
    if (step === undefined) throw new Error('no more cases');
    if (step === 'reset') {
      target.reset();
      continue;
    }
    if (step.kind === 'frame') count++;
    engine.took(step, target.put(step));
  }
}

fuzz(WARM_UP);
const samples = measure([
  {
    count: BATCH,
    run: () => {
      for (let count = 0; count < BATCH; count++)
        plain.put({ kind: 'frame', from: HLOS, frame: frame.slice() });
    },
  },
  { count: BATCH, run: () => fuzz(BATCH) },
]);
const [floor = [], fuzzed = []] = samples;
for (const [name, own] of [
  ['VM_GET_VMID, nothing generated', floor],
  ['generated, encoded, answered', fuzzed],
] as const)
  process.stdout.write(
    `${name.padEnd(34)}${median(own).toFixed(0).padStart(7)} ns ${Math.round(1e9 / median(own))
      .toLocaleString('en')
      .padStart(11)} messages/s  ${quotient(own, floor).toFixed(1).padStart(6)} x VM_GET_VMID\n`,
  );
if (1e9 / median(fuzzed) < LIMIT) {
  process.stdout.write(`MISSED (limit ${LIMIT.toLocaleString('en')}/s)\n`);
  process.exitCode = 1;
}
