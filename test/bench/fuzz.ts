/**
 * `npm run bench:fuzz`: messages generated, encoded and answered by the simulated manager in one process, without and
 * with the reference manager that a campaign compares it with, beside the cheapest message that there is put to the same
 * manager.
 */
import { protocol, VM_GET_VMID } from '../../schemas/index.js';
import { Judge } from '../../src/fuzz/oracle/judge.js';
import { Reference } from '../../src/fuzz/oracle/reference.js';
import { tuneEngine } from '../../src/node/engine.js';
import { platforms } from '../../src/rm/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { SimTarget } from '../../src/target/index.js';
import { newEngine } from '../fuzz/run.js';
import { measure, median, quotient, report } from './harness.js';

/** Messages per second: the limits, without and with the reference manager. */
const LIMIT = 200_000;
const LIMIT_JUDGED = 80_000;
/** What a core has to do at last. */
const GOAL = 400_000;
const BATCH = 2000;
const HLOS = 3;
/** Sessions differ in what they cost; a measure begins when all kinds have been seen. */
const WARM_UP = 600_000;

// Before anything is measured: as the command does it.
tuneEngine('fuzz');

const plain = new SimTarget();
const [frame] = encodeMessage(protocol, VM_GET_VMID, 'request', { seq: 0, payload: {} });
if (frame === undefined) throw new Error('no frame');

/** @returns what puts so many messages to a manager of its own; a judge looks at every answer. */
function fuzzer(judge?: Judge): (messages: number) => void {
  const engine = newEngine({ seed: 1 });
  const target = new SimTarget();
  return (messages) => {
    for (let count = 0; count < messages; ) {
      const step = engine.next();
      if (step === undefined) throw new Error('no more cases');
      if (step === 'reset') {
        target.reset();
        judge?.reset();
        continue;
      }
      if (step.kind === 'frame') count++;
      const response = target.put(step);
      engine.observe(step, response);
      if (response.ended !== undefined) engine.endCase();
      if (judge?.judge(step, response).over === true) engine.endCase();
    }
  };
}

const fuzz = fuzzer();
const reference = new Reference({ platform: platforms.native, careful: false, seesRefusal: true });
const fuzzJudged = fuzzer(new Judge(reference));
for (const warmUp of [fuzz, fuzzJudged]) warmUp(WARM_UP);
const samples = measure([
  {
    count: BATCH,
    run: () => {
      for (let count = 0; count < BATCH; count++)
        plain.put({ kind: 'frame', from: HLOS, frame: frame.slice() });
    },
  },
  { count: BATCH, run: () => fuzz(BATCH) },
  { count: BATCH, run: () => fuzzJudged(BATCH) },
]);
const [floor = [], fuzzed = [], judged = []] = samples;
for (const [name, own, limit] of [
  ['VM_GET_VMID, nothing generated', floor, 0],
  ['generated, encoded, answered', fuzzed, LIMIT],
  ['with the reference manager', judged, LIMIT_JUDGED],
] as const) {
  process.stdout.write(
    `${name.padEnd(34)}${median(own).toFixed(0).padStart(7)} ns ${Math.round(1e9 / median(own))
      .toLocaleString('en')
      .padStart(11)} messages/s  ${quotient(own, floor).toFixed(1).padStart(6)} x VM_GET_VMID\n`,
  );
  if (limit > 0)
    report({
      group: 'fuzz',
      name: `${name}, messages/s`,
      ours: 1e9 / median(own),
      peer: 'VM_GET_VMID, ns',
      ratio: quotient(own, floor),
      goal: `${GOAL}`,
      ok: 1e9 / median(own) >= GOAL,
    });
  if (1e9 / median(own) >= limit) continue;
  process.stdout.write(`MISSED (limit ${limit.toLocaleString('en')}/s)\n`);
  process.exitCode = 1;
}
