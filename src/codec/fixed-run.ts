import type { Field } from '../wire/index.js';

/** The fields from `index` on, up to the first of variable size or with a condition. */
export function fixedRun(fields: readonly Field[], index: number): readonly Field[] {
  let end = index;
  while (end < fields.length) {
    const { type, presence } = fields[end] as Field;
    if (presence !== undefined || type.fixedSize === undefined) break;
    end++;
  }
  return fields.slice(index, end);
}
