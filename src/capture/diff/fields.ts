import type { Json } from '../payload/index.js';
import { align } from './align.js';

/** One field that differs. Without `a` only the second message has it, without `b` only the first. */
export interface FieldChange {
  /** `payload.sgl_entries[1].size`. An index is that of the first message; of the second where only that has the entry. */
  readonly path: string;
  readonly a?: Json;
  readonly b?: Json;
}

/** Characters of JSON up to which a list of plain values (flags, sizes) is shown whole. */
const wholeSizeMax = 60;

/** The fields in which two values differ, in the order of the first value. */
export function fieldChanges(a: Json, b: Json, path = ''): FieldChange[] {
  if (Array.isArray(a) && Array.isArray(b)) {
    return isWhole(a) && isWhole(b) ? valueChange(a, b, path) : listChanges(a, b, path);
  }
  if (!isObject(a) || !isObject(b)) return valueChange(a, b, path);
  const inside = (key: string) => (path === '' ? key : `${path}.${key}`);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => {
    const before = a[key];
    const after = b[key];
    if (before === undefined) return [{ path: inside(key), b: after as Json }];
    if (after === undefined) return [{ path: inside(key), a: before }];
    return fieldChanges(before, after, inside(key));
  });
}

function valueChange(a: Json, b: Json, path: string): FieldChange[] {
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ path, a, b }];
}

/**
 * Equal entries are paired first, so that an inserted entry is one change. The entries between them are paired in order.
 */
function listChanges(a: readonly Json[], b: readonly Json[], path: string): FieldChange[] {
  const tokens = tokenizer();
  const aTokens = Int32Array.from(a, (item) => tokens(JSON.stringify(item)));
  const bTokens = Int32Array.from(b, (item) => tokens(JSON.stringify(item)));
  const changes: FieldChange[] = [];
  let aNext = 0;
  let bNext = 0;
  const catchUp = (aEnd: number, bEnd: number) => {
    while (aNext < aEnd && bNext < bEnd) {
      changes.push(...fieldChanges(a[aNext] as Json, b[bNext++] as Json, `${path}[${aNext++}]`));
    }
    for (; aNext < aEnd; aNext++) changes.push({ path: `${path}[${aNext}]`, a: a[aNext] as Json });
    for (; bNext < bEnd; bNext++) changes.push({ path: `${path}[${bNext}]`, b: b[bNext] as Json });
  };
  align(aTokens, bTokens, { aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, (aAt, bAt) => {
    catchUp(aAt, bAt);
    aNext = aAt + 1;
    bNext = bAt + 1;
  });
  catchUp(a.length, b.length);
  return changes;
}

/** Returns a function that numbers texts from 0. Equal texts get the same number. */
function tokenizer(): (text: string) => number {
  const tokens = new Map<string, number>();
  return (text) => {
    const token = tokens.get(text) ?? tokens.size;
    tokens.set(text, token);
    return token;
  };
}

function isWhole(list: readonly Json[]): boolean {
  return list.every((item) => typeof item !== 'object') && JSON.stringify(list).length <= wholeSizeMax;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
