import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constants } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { pcapngReader } from '../../src/capture/pcapng-reader.js';
import { PcapngWriter } from '../../src/capture/pcapng-writer.js';
import {
  CaptureSteps,
  type FaultRule,
  playScenario,
  replay,
  type TapPacket,
  WorldTap,
} from '../../src/sim/index.js';
import { calls, disturbedSession, rules } from './disturbed.js';
import { scenarioLines } from './lines.js';
import { deviceTree, scenarios } from './scenarios.js';
import { exampleTree } from './session.js';

/** While RM is held back a capture cannot tell when VMs take what waits on full queues. */
function holdsVmsOnly(rule: FaultRule): FaultRule {
  return rule.kind === 'hold' ? { ...rule, match: { ...rule.match, from: constants.VMID_RM } } : rule;
}

/** Writes packets to a pcapng file in memory, and reads it as the lines of a recording. */
class Capture {
  readonly #pieces: Uint8Array[] = [];
  readonly #writer = new PcapngWriter((bytes) => this.#pieces.push(bytes.slice()));

  add({ from, to, frame, time, comment }: TapPacket): void {
    this.#writer.packet(from, to, frame, 0, frame.length, time, comment);
  }

  lines(): object[] {
    this.#writer.end();
    const lines: object[] = [];
    const steps = new CaptureSteps((line) => lines.push(line));
    const reader = pcapngReader(
      ({ from, to, data, start, end, comment }) =>
        steps.packet({ from: from as number, to: to as number, frame: data.slice(start, end), comment }),
      ({ message }) => expect.fail(message),
    );
    for (const piece of this.#pieces) reader.push(piece);
    reader.end();
    steps.end();
    return lines;
  }
}

function differences(
  lines: readonly unknown[],
  file: (name: string) => Uint8Array | undefined,
  careful = false,
) {
  return [...replay(lines, { file, careful })]
    .filter(({ equal }) => !equal)
    .map(({ step, recorded, actual, panic }) => ({
      step,
      recorded,
      panic,
      actual: actual.map(({ to, frame }) => `${to}:${formatHex(frame)}`),
    }));
}

describe('a run recorded by a tap replays', () => {
  const chosen = scenarios('rm23.ndjson').filter(
    ({ name }, index) => name.startsWith('queue_') || index % 8 === 0,
  );

  it.each(chosen)('$name', ({ lines }) => {
    const capture = new Capture();
    const file = (name: string) => deviceTree(name) as Uint8Array;
    const { unmet } = playScenario(lines, { file, sink: { packet: (packet) => capture.add(packet) } });
    expect(unmet).toBe(0);
    const recorded = capture.lines();
    expect(recorded.length).toBeGreaterThan(1);
    expect(differences(recorded, deviceTree)).toEqual([]);
  });

  it.each(['boot', 'share', 'interrupt', 'crash'])('example %s', (name) => {
    const capture = new Capture();
    playScenario(scenarioLines(name), {
      file: () => exampleTree,
      sink: { packet: (packet) => capture.add(packet) },
    });
    expect(differences(capture.lines(), () => exampleTree)).toEqual([]);
  });

  it.each([false, true])('on bad lines too (careful: %s)', (careful) => {
    fc.assert(
      fc.property(fc.nat(), rules, calls, (seed, faults, said) => {
        const capture = new Capture();
        const tap = new WorldTap((packet) => capture.add(packet));
        disturbedSession(seed, careful, faults.map(holdsVmsOnly), said, (world) => tap.observer(world));
        tap.flush();
        expect(differences(capture.lines(), () => exampleTree, careful)).toEqual([]);
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});
