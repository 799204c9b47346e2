import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync('docs/seeds.md', 'utf8');
/** Items that each seed must have at least. */
const least = { '000': 20, '001': 15, '002': 20, '003': 20, '004': 12 };

interface Item {
  readonly name: string;
  readonly where: string;
  readonly file: string;
  readonly title: string;
}

const items = text
  .split('\n')
  .filter((line) => /^\| \d{3}\.\d+ \|/.test(line))
  .map((line): Item => {
    const found = /^\| (\d{3}\.\d+) \| .* \| `([^`]+)` \| `([^`]+)`: (.+) \| [^|]*\|$/.exec(line);
    const [, name = line, where = '', file = '', title = ''] = found ?? [];
    return { name, where, file, title };
  });

describe('docs/seeds.md', () => {
  it.each(Object.entries(least))('seed %s has enough items', (seed, count) => {
    expect(items.filter(({ name }) => name.startsWith(`${seed}.`)).length).toBeGreaterThanOrEqual(count);
  });

  it.each(items.map((item) => [item.name, item] as const))('%s: its place and its test exist', (_, item) => {
    expect(existsSync(item.where), item.where).toBe(true);
    expect(readFileSync(item.file, 'utf8')).toContain(item.title);
  });
});
