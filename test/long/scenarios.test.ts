import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { playScenario } from '../../src/sim/index.js';
import { holds } from '../seeded.js';
import { exampleNames, scenarioLines } from '../sim/lines.js';
import { exampleTree } from '../sim/session.js';

const generations = ['v9', 'v11', 'a14', 'v17', 'a15'];
const strange = fc.constantFrom(
  ...[0, 1, -1, 4096, 2 ** 32 - 1, 2 ** 53 - 1, '0x1000', '0xffffffffffffffff', 'x', null, [], true, 128, 3],
);
const host = fc.record({
  op: fc.constant('host'),
  generation: fc.constantFrom(...generations),
  mode: fc.constantFrom('careful', 'faithful'),
});
const fault = fc.record({
  op: fc.constant('fault'),
  rule: fc.record({
    kind: fc.constantFrom('drop', 'duplicate', 'flip', 'truncate', 'delay', 'reorder', 'hold'),
    match: fc.constant({ probability: 0.1 }),
    ns: fc.constant(5000),
  }),
});

type Line = Readonly<Record<string, unknown>>;

/** One change of a scenario, at a place that is taken modulo its length. */
const change = fc.oneof(
  fc.constant((lines: Line[], at: number) => [...lines.slice(0, at), ...lines.slice(at + 1)]),
  fc.constant((lines: Line[], at: number) => [...lines, lines[at] as Line]),
  fc.nat(20_000).map((after) => (lines: Line[], at: number) => lines.with(at, { ...lines[at], after })),
  fc.oneof(host, fault).map((line) => (lines: Line[], at: number) => lines.toSpliced(at, 0, line)),
  fc.tuple(fc.nat(9), strange).map(([index, value]) => (lines: Line[], at: number) => {
    const keys = Object.keys(lines[at] as Line);
    return lines.with(at, { ...lines[at], [keys[index % keys.length] as string]: value });
  }),
);

it('whatever a scenario has hosts and guests do, it is played by the rules or refused', () => {
  holds(
    fc.property(
      fc.constantFrom(...exampleNames),
      fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 5 }),
      (name, changes) => {
        const [first, ...lines] = scenarioLines(name) as Line[];
        const changed = changes.reduce((now, [at, apply]) => apply(now, at % now.length), lines);
        try {
          expect(playScenario([first, ...changed], { file: () => exampleTree, check: true }).broken).toBe(0);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      },
    ),
    1000,
    4,
  );
});
