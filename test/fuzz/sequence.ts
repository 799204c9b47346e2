import { createHash } from 'node:crypto';
import { newEngine, run } from './run.js';

/** A hash of the first steps that a seed gives against the simulated manager, and of how its answers look. */
export function sequenceHash(seed: number, messages: number): string {
  const hash = createHash('sha256');
  run(newEngine({ seed }), messages, {
    began: () => {
      hash.update('reset');
    },
    took: (step, { out, refused, ended }) => {
      const { kind } = step;
      hash.update(kind);
      if (kind === 'frame') hash.update(`${step.from} `).update(step.frame);
      else if (kind === 'load') hash.update(`${step.address} `).update(step.bytes);
      else if (kind === 'vcpu_halt') hash.update(`${step.vmid} ${step.state} ${step.data.join(' ')}`);
      else if (kind === 'receive_limit') hash.update(`${step.vmid} ${step.count}`);
      hash.update(`${refused} ${ended?.text} ${out.length}`);
      return false;
    },
  });
  return hash.digest('hex');
}

if (process.argv[2] === 'sequence')
  process.stdout.write(sequenceHash(Number(process.argv[3]), Number(process.argv[4])));
