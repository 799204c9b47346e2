import { describe, expect, it } from 'vitest';
import { Linter } from '../../src/lint/index.js';
import { deviceTree, type Scenario, scenarios } from '../sim/scenarios.js';

/** Steps at which lint finds that the manager dies. */
function found({ lines }: Scenario): (number | undefined)[] {
  const steps: (number | undefined)[] = [];
  new Linter({
    file: deviceTree,
    isCapture: false,
    peers: new Set(['rm23']),
    finding: ({ rule, place }) => rule.level === 'fatal' && steps.push(place.step),
    note: () => {},
  }).lines(lines);
  return steps;
}

/** Steps at which the recorded manager died. */
function recorded({ lines }: Scenario): number[] {
  return lines.flatMap((line, index) => ((line as { panic?: string }).panic === undefined ? [] : [index]));
}

describe.each(['rm23.ndjson', 'rm23-lives.ndjson'])('deaths of the public manager in %s', (file) => {
  it('are found at their steps, and no others', () => {
    const all = scenarios(file);
    const wrong = all.filter((scenario) => `${found(scenario)}` !== `${recorded(scenario)}`);
    expect(wrong.map(({ name }) => name)).toEqual([]);
    expect(all.flatMap(recorded).length).toBeGreaterThan(50);
  });
});
