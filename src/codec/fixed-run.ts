import type { Field } from '../wire/index.js';

/** The fields from `index` on that always have the same size and place. */
export function fixedRun(fields: readonly Field[], index: number): readonly Field[] {
  let end = index;
  while (end < fields.length) {
    const { type, presence } = fields[end] as Field;
    if (presence !== undefined || type.fixedSize === undefined) break;
    end++;
  }
  return fields.slice(index, end);
}
