import { codecOf } from '../codec/index.js';
import { BytesType, type Field, type IntegerType, ListType, type StructType } from '../wire/index.js';
import { build, type Plan } from './build.js';

/** A part of a payload that can be made longer. */
export interface VariablePart {
  readonly field: Field;
  /** Most entries of a list or bytes of a bytes field: RM's limit or, without one, the largest value of the count. */
  readonly max: number;
  /** Present if `max` is RM's limit: the error that RM answers above it. */
  readonly limit?: { readonly error: string };
  /** Entries or bytes by which it must grow so that its size on the wire grows: 1, or the alignment of the padding. */
  readonly step: number;
}

/** RM's answer to a list that is too long (rpc.md, "Lists inside payloads"). */
const tooManyEntries = 'NORESOURCE';

/** The lists and texts of a struct, in wire order. */
export function variableParts(type: StructType): VariablePart[] {
  return type.fields.flatMap((field): VariablePart[] => {
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

/** The plan with another length for one list or text. */
export function resized(plan: Plan, name: string, size: number): Plan {
  return { ...plan, sizes: { ...plan.sizes, [name]: size } };
}

/**
 * The plan whose list or text `part` makes the payload as long as possible up to `target` bytes or, with `atLeast`, as
 * short as possible from `target` bytes. Undefined if the limit of the part or the smallest payload forbids it.
 */
export function grownTo(
  type: StructType,
  plan: Plan,
  part: VariablePart,
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
