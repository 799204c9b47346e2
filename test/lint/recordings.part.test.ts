import { describe, expect, it } from 'vitest';
import type { Finding, Rule } from '../../src/lint/index.js';
import { budget, partOf } from '../part.js';
import { deviceTree, type Scenario, scenarios } from '../sim/scenarios.js';
import { lintLines } from './lint-lines.js';

/** The fatal findings of all peers. */
function fatal({ lines }: Scenario): Finding[] {
  const found: Finding[] = [];
  const wants = ({ level }: Rule) => level === 'fatal';
  lintLines({ file: deviceTree, wants, finding: (finding) => found.push(finding) }, lines);
  return found;
}

/** Steps at which the recorded manager died. */
function recorded({ lines }: Scenario): number[] {
  return lines.flatMap((line, index) => ((line as { panic?: string }).panic === undefined ? [] : [index]));
}

// Replies to MEM_ACCEPT whose continuations bring 232 bytes. client.md, section 11, and the recorded reaction "63 frames,
// all full" say that q515 has room for 228 bytes per queue message.
const clients: Readonly<Record<string, readonly string[]>> = {
  'rm23.ndjson': [
    'deep_087 200 q515/small-reply-buffer',
    'deep_109 262 q515/small-reply-buffer',
    'mem_notify_shared_large 61 q515/small-reply-buffer',
    'queue_full_multifragment 34 q515/small-reply-buffer',
  ],
  'rm23-lives.ndjson': [],
};

describe.each(Object.entries(clients))('deaths in %s', (file, ofClients) => {
  const all = partOf(scenarios(file)).map((scenario) => ({ ...scenario, found: fatal(scenario) }));
  const names = new Set(all.map(({ name }) => name));

  it('of the public manager are found at their steps, and no others', () => {
    const wrong = all.filter((scenario) => {
      const own = scenario.found.filter(({ peers }) => peers.includes('rm23'));
      return `${own.map(({ place }) => place.step)}` !== `${recorded(scenario)}`;
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
    expect(all.flatMap(recorded).length).toBeGreaterThanOrEqual(budget(50));
  });

  it('of clients are found where they would have died, and no others', () => {
    const found = all.flatMap(({ name, found }) =>
      found.flatMap(({ peers, place, rule }) =>
        peers.includes('rm23') ? [] : [`${name} ${place.step} ${rule.id}`],
      ),
    );
    expect(found.sort()).toEqual(ofClients.filter((text) => names.has(text.split(' ')[0] as string)));
  });
});
