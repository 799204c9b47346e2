import { describe, expect, it } from 'vitest';
import { exampleOf, type Finding, rules, rulesPage } from '../../src/lint/index.js';
import { panicPlaces, platforms } from '../../src/rm/index.js';
import { clientExamples } from './client-examples.js';
import { type Example, examples } from './examples.js';
import { lintLines } from './lint-lines.js';

function findings({ platform, lines }: Omit<Example, 'rule'>, peers = new Set(['rm23'])): Finding[] {
  const found: Finding[] = [];
  const finding = (one: Finding) => found.push(one);
  lintLines({ platform, peers, file: () => undefined, finding }, lines);
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

describe('the recordings that show rules of clients', () => {
  const all = clientExamples();

  it('are there for all that traffic shows', () => {
    const shown = new Set(all.map(({ name }) => `client/${name}.ndjson`));
    const missing = rules.filter((rule) => rule.foundBy === 'client' && !shown.has(exampleOf(rule)));
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  it.each(all)('$name', async ({ name, lines }) => {
    const own = rules.filter((rule) => rule.foundBy === 'client' && rule.id.endsWith(`/${name}`));
    const peers = new Set(own.flatMap((rule) => rule.peers));
    const found = findings({ platform: platforms.native, lines }, peers);
    const hit = found.filter(({ rule }) => rule.id.endsWith(`/${name}`)).flatMap((finding) => finding.peers);
    expect(new Set(hit)).toEqual(peers);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await expect(text).toMatchFileSnapshot(`../../captures/lint/client/${name}.ndjson`);
  });
});
