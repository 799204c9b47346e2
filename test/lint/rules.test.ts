import { describe, expect, it } from 'vitest';
import { type Finding, Linter, rules, rulesPage } from '../../src/lint/index.js';
import { panicPlaces } from '../../src/rm/index.js';
import { type Example, examples } from './examples.js';

function findings({ platform, lines }: Example): Finding[] {
  const found: Finding[] = [];
  const finding = (one: Finding) => found.push(one);
  new Linter({
    platform,
    peers: new Set(['rm23']),
    file: () => undefined,
    isCapture: false,
    finding,
    note: () => {},
  }).lines(lines);
  return found;
}

describe('the rules', () => {
  it('have names of their own, reasons and advice', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const { id, why, instead, source, peers } of rules) {
      expect(id).toMatch(/^[a-z0-9]+\/[a-z0-9-]+$/);
      for (const text of [why, instead, source]) expect(text).toMatch(/^\S.{7,}[^.]$/);
      expect(peers).not.toEqual([]);
    }
  });

  it('has one for each place where the public manager dies', () => {
    const names = Object.keys(panicPlaces).map((name) => `rm23/${name.replaceAll('_', '-')}`);
    expect(rules.map(({ id }) => id)).toEqual(expect.arrayContaining(names));
  });

  it('stand in the documentation', async () => {
    await expect(rulesPage()).toMatchFileSnapshot('../../docs/lint-rules.md');
  });
});

describe('the recordings that show them', () => {
  const all = examples();

  it('are there for all that traffic shows', () => {
    const shown = new Set(all.map(({ rule }) => rule));
    const missing = rules.filter(({ id, foundBy }) => foundBy === 'traffic' && !shown.has(id));
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  it.each(all)('$rule', async (example) => {
    const found = findings(example);
    expect(found.map(({ rule }) => rule.id)).toContain(example.rule);
    const fatal = found.filter(({ rule }) => rule.level === 'fatal');
    const last = example.lines.length - 1;
    expect(fatal.map(({ place }) => place.step)).toEqual(example.rule.startsWith('rm23/') ? [last] : []);
    const text = example.lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await expect(text).toMatchFileSnapshot(`../../captures/lint/${example.rule}.ndjson`);
  });
});
