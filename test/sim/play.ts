import type { Issue } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { type PlayerOptions, playScenario, type StepResult, type TapPacket } from '../../src/sim/index.js';
import { exampleTree } from './session.js';

/** Plays a scenario to its end, and keeps what it tells. */
export function play(lines: readonly unknown[], options: Partial<PlayerOptions> = {}) {
  const steps: StepResult[] = [];
  const packets: TapPacket[] = [];
  const issues: Issue[] = [];
  const result = playScenario(lines, {
    file: () => exampleTree,
    ...options,
    sink: {
      step: (step) => steps.push(step),
      packet: (packet) => packets.push(packet),
      record: (record) => issues.push(...record.issues),
    },
  });
  const bytes = packets.map(({ time, from, to, frame, comment }) =>
    [time, from, to, formatHex(frame), comment].join(' '),
  );
  return { ...result, steps, bytes, issues, unmetSteps: steps.filter(({ unmet }) => unmet.length > 0) };
}
