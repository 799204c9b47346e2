/**
 * `npm run test:frames -- TALLY [MILLIONS]`: random and mutated queue messages through reassembly by each set of rules,
 * decoding and annotation, in blocks that each have a seed. TALLY gets a line per block. A later run goes on with the
 * seed after that of the last line, so that 10^8 frames can be spread over nights.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { runMutated } from '../rpc/mutated.js';

const BLOCK = 100_000;

interface Block {
  readonly seed: number;
  readonly frames: number;
}

const [tally, millions = '1'] = process.argv.slice(2);
if (tally === undefined || !(Number(millions) > 0))
  throw new Error('TALLY [MILLIONS], such as frames.ndjson 10');

const done: Block[] = existsSync(tally)
  ? readFileSync(tally, 'utf8')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Block)
  : [];
const first = (done.at(-1)?.seed ?? 0) + 1;
const blocks = Math.ceil((Number(millions) * 1e6) / BLOCK);
for (let seed = first; seed < first + blocks; seed++) {
  process.stdout.write(`seed ${seed}`);
  const { ends, decoded, refused, bytes, covered, layouts } = runMutated(BLOCK, seed);
  if (covered !== bytes) throw new Error(`seed ${seed}: ranges cover ${covered} of ${bytes} bytes`);
  const block = { seed, frames: BLOCK, ...ends, decoded, refused, layouts: layouts.size };
  appendFileSync(tally, `${JSON.stringify(block)}\n`);
  process.stdout.write(`: ${decoded} decoded, ${refused} refused\n`);
}
const frames = done.reduce((sum, block) => sum + block.frames, blocks * BLOCK);
process.stdout.write(`${frames} frames in all\n`);
