import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constants } from '../../schemas/index.js';
import { WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { PcapngWriter, pcapngReader } from '../../src/capture/pcap/index.js';
import {
  CaptureSteps,
  type FaultRule,
  playScenario,
  replay,
  type TapPacket,
  WorldTap,
} from '../../src/sim/index.js';
import { ReadLine } from '../../src/sim/recording.js';
import { budget } from '../part.js';
import { expectEqual } from '../same.js';
import { holds } from '../seeded.js';
import { calls, disturbedSession, rules } from './disturbed.js';
import { exampleNames, scenarioLines } from './lines.js';
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

  it.each(exampleNames)('example %s', (name) => {
    const capture = new Capture();
    playScenario(scenarioLines(name), {
      file: () => exampleTree,
      sink: { packet: (packet) => capture.add(packet) },
    });
    expect(differences(capture.lines(), () => exampleTree)).toEqual([]);
  });

  it.each([false, true])('on bad lines too (careful: %s)', (careful) => {
    holds(
      fc.property(fc.nat(), rules, calls, (seed, faults, said) => {
        const capture = new Capture();
        const tap = new WorldTap((packet) => capture.add(packet));
        disturbedSession(seed, careful, faults.map(holdsVmsOnly), said, (world) => tap.observer(world));
        tap.flush();
        expect(differences(capture.lines(), () => exampleTree, careful)).toEqual([]);
      }),
      budget(100),
      5,
    );
  });
});

it('whatever stands in a capture, nothing but WireError comes of it', () => {
  const vmid = fc.constantFrom(3, 4, 128, 255, 65535);
  const words = fc.constantFrom(
    'waiting 3:2 128:1',
    'waiting x',
    'lost 3:1',
    'enqueued',
    'panic somewhere',
    '{"op":"reboot"}',
    '{"op":"drain"}',
    '{"op":"receive_limit","vmid":3,"count":0}',
    '{"op":"receive_limit","vmid":"x"}',
    '{"op":"load","address":"0x89000000","file":"x"}',
    '{"op":"vcpu_halt","vmid":3,"state":6}',
    '{"op":"what"}',
    '{"scenario":"x","platform":{"queue_depth":1}}',
    '{',
  );
  const packet = fc.record({
    from: vmid,
    to: vmid,
    frame: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constant(Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56)),
      fc.constant(Uint8Array.of(0x21, 2, 0, 0, 0x24, 0, 0, 0x56, 0, 0, 0, 0, 3, 0, 0, 0)),
    ),
    comment: fc.option(
      fc.array(words, { maxLength: 3 }).map((list) => list.join('\n')),
      { nil: undefined },
    ),
  });
  let refused = 0;
  holds(
    fc.property(fc.array(packet, { maxLength: 30 }), (packets) => {
      const lines: object[] = [];
      const steps = new CaptureSteps((line) => lines.push(line));
      const told: object[] = [];
      const apart = new CaptureSteps(
        (line) => told.push(line),
        (step) => told.push(new ReadLine(step)),
      );
      for (const item of packets) {
        steps.packet(item);
        apart.message(item.from, item.to, item.frame, item.comment);
      }
      steps.end();
      apart.end();
      expectEqual(told, lines);
      try {
        differences(lines, () => exampleTree);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        refused++;
      }
    }),
    budget(500),
    6,
  );
  expect(refused).toBeGreaterThan(budget(10));
  expect(refused).toBeLessThan(490);
});
