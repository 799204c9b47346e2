import { codecOf } from '../codec/index.js';
import { BytesType, type Field, type IntegerType, ListType, type StructType } from '../wire/index.js';
import { build, type Plan } from './build.js';

/** A part of a payload that can be made longer. */
export interface Growing {
  readonly field: Field;
  /** Most entries of a list, most bytes of a bytes field: RM's limit where it has one, else what the count can say. */
  readonly max: number;
  /** RM itself sets the limit, and answers more with this error. */
  readonly limit?: { readonly error: string };
  /** Multiples in which it grows on the wire: entries, or bytes with their padding. */
  readonly step: number;
}

/** What RM answers to a list that is too long (rpc.md, "Lists inside payloads"). */
const tooManyEntries = 'NORESOURCE';

/** The lists and texts of a struct, in wire order. */
export function growingParts(type: StructType): Growing[] {
  return type.fields.flatMap((field): Growing[] => {
    if (field.type instanceof ListType) {
      const { max, count } = field.type.options;
      const own = { field, step: 1, max: max ?? count.max };
      return [max === undefined ? own : { ...own, limit: { error: tooManyEntries } }];
    }
    if (!(field.type instanceof BytesType) || field.type.options.lengthFrom === undefined) return [];
    const { lengthFrom, padTo = 1 } = field.type.options;
    const length = type.fields.find(({ name }) => name === lengthFrom) as Field<IntegerType>;
    const max = length.max ?? length.type.max;
    const { aboveMax: error } = length;
    return [{ field, step: padTo, max, ...(error === undefined ? {} : { limit: { error } }) }];
  });
}

/** Size in bytes of the value that a plan makes. */
export function sizeOf(type: StructType, plan: Plan): number {
  return codecOf(type).size(build(type, plan));
}

/** The plan with one list or text of another length. */
export function resized(plan: Plan, name: string, size: number): Plan {
  return { ...plan, sizes: { ...plan.sizes, [name]: size } };
}

/**
 * The plan whose list or text `part` is as long as fits into `sizeMax` bytes, or (`atLeast`) the shortest that has that many;
 * undefined when its own limit, or the smallest payload, stands in the way.
 */
export function grown(
  type: StructType,
  plan: Plan,
  part: Growing,
  target: number,
  atLeast = false,
): Plan | undefined {
  const { field, step, max } = part;
  const empty = sizeOf(type, resized(plan, field.name, 0));
  const unit = sizeOf(type, resized(plan, field.name, step)) - empty;
  if (unit === 0 || empty > target) return undefined;
  const steps = (target - empty) / unit;
  const count = (atLeast ? Math.ceil(steps) : Math.floor(steps)) * step;
  return count > max ? undefined : resized(plan, field.name, count);
}
