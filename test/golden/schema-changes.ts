import { protocol } from '../../schemas/index.js';
import { WireError } from '../../src/base/error.js';
import { checkFixtures } from '../../src/golden/check.js';
import type { Evidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import type { FixtureJson } from '../../src/golden/json.js';
import type { Message } from '../../src/schema/index.js';
import { cloneOf } from './clone.js';

/** One number of a declaration, by the way to it. */
export interface SchemaNumber {
  readonly message: string;
  readonly path: readonly string[];
}

/** Keys under which a number of a declaration decides on bytes or names. */
const parents = new Set(['values', 'bits']);
const keys = new Set(['id', 'mask', 'max']);

/** Each enum value, flag bit, message id, condition and limit, with the first message that has it. */
export function schemaNumbers(): SchemaNumber[] {
  const seen = new Set<unknown>();
  const found: SchemaNumber[] = [];
  const visit = (value: unknown, message: string, path: readonly string[]) => {
    if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof Uint8Array) return;
    seen.add(value);
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    for (const [key, item] of entries as [string, unknown][]) {
      const at = [...path, String(key)];
      if (['info', 'example', 'rm23', 'dialects'].includes(String(key))) continue;
      if (typeof item !== 'number') visit(item, message, at);
      else if (parents.has(path.at(-1) ?? '') || keys.has(String(key))) found.push({ message, path: at });
    }
  };
  for (const message of protocol.messages) visit(message, message.name, []);
  return found;
}

/** What the check says of a set of fixtures after one number of the schemas is one more. */
export function changesAfter(
  { message: name, path }: SchemaNumber,
  evidence: Evidence,
  stored: readonly FixtureJson[],
): string[] {
  const message = cloneOf(protocol.byName.get(name)) as Message;
  let holder: unknown = message;
  for (const key of path.slice(0, -1)) {
    holder =
      holder instanceof Map
        ? (holder.get(key) ?? holder.get(Number(key)))
        : (holder as Record<string, unknown>)[key];
  }
  const last = path.at(-1) as string;
  (holder as Record<string, number>)[last] = ((holder as Record<string, number>)[last] as number) + 1;
  try {
    const own = stored.filter((fixture) => fixture.message === name);
    return checkFixtures(protocol, own, fixturesOf(protocol, message, evidence)).map(({ text }) => text);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return [error.message];
  }
}
