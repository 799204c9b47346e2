import { type Choice, UsageError } from '../../base/error.js';
import type { Protocol } from '../../schema/index.js';
import { filterNames } from '../filter/index.js';
import type { Json } from '../payload/index.js';

/** A field path of NDJSON records as names and indexes: `payload.entries[1].cap_id`. */
export type FieldPath = readonly (string | number)[];

/**
 * The value of `--ignore`: a dotted path of NDJSON keys. A list's name stands for all its entries, `name[1]` for one of
 * them; the name of a struct for everything in it. Throws UsageError for a path that no message has.
 */
export function parseFieldPath(protocol: Protocol, text: string): FieldPath {
  const path: (string | number)[] = [];
  for (const part of text.split('.')) {
    const match = /^(\w+)((?:\[\d+\])*)$/.exec(part);
    if (match === null) refuse('names with dots between them, such as payload.entries[1].cap_id', text);
    path.push(
      match[1] as string,
      ...(match[2] as string)
        .split(/[[\]]+/)
        .filter(Boolean)
        .map(Number),
    );
  }
  const names = filterNames(protocol, false);
  const parts = names.parts.get(String(path[0]))?.parts;
  if (parts === undefined) return refuse([...names.parts.keys()].join(', '), text);
  if (path[0] === 'payload' && path.length > 1 && !parts.has(String(path[1]))) {
    const known = [...parts.keys()].map((name) => `payload.${name}`);
    refuse('a field that some message has', text, { what: 'field', names: known });
  }
  return path;
}

function refuse(expected: string, actual: string, choice?: Choice): never {
  throw new UsageError({ code: 'path', path: '--ignore', expected, actual, ...(choice && { choice }) });
}

/** Removes what the path names, from its index `at` on. An entry of a list becomes null, so that the others keep their places. */
export function removeField(value: Json | undefined, path: FieldPath, at = 0): void {
  const step = path[at] as string | number;
  const last = at === path.length - 1;
  if (Array.isArray(value)) {
    if (typeof step === 'string') for (const item of value) removeField(item, path, at);
    else if (!last) removeField(value[step], path, at + 1);
    else if (step < value.length) value[step] = null;
  } else if (typeof value === 'object' && value !== null && typeof step === 'string') {
    if (last) delete value[step];
    else removeField(value[step], path, at + 1);
  }
}
