import { defined } from '../base/defined.js';
import { enumName } from '../capture/payload/index.js';
import type { MessagePart } from '../export/parts.js';
import type { Protocol } from '../schema/index.js';
import {
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  ListType,
  StructType,
  type Values,
} from '../wire/index.js';
import { build, type Plan } from './build.js';
import { edgeForms, largest } from './edges.js';
import { resized, sizeOf, variableParts } from './growth.js';

/** A value of a part, with a name that is unique within the part. */
export interface FixtureValue {
  readonly form: string;
  readonly value: Values;
  /** The error with which RM refuses its content. Errors for its size are found in generate.ts. */
  readonly refused?: string;
}

/** Entries of the long form of lists without a limit. Most lists have this limit. */
const usualEntriesMax = 512;

/** All forms of a part except recorded ones. Two may have the same value. `example` is the part's declared example. */
export function formsOf(protocol: Protocol, part: MessagePart, example: Values | undefined): FixtureValue[] {
  const { layout } = part;
  if (layout.fields.length === 0) return [{ form: 'typical', value: {} }];
  const sizeMax = protocol.limits.max_payload - (part.type === 'reply' ? 4 : 0);
  return [
    ...(layout.mayBeEmpty ? [{ form: 'empty', value: {} }] : []),
    ...choicesOf(layout).flatMap(({ prefix, fixed }) => {
      const named = (form: string, plan: Plan, refused?: string): FixtureValue => {
        const value = build(layout, { ...plan, fixed: { ...plan.fixed, ...fixed } });
        return defined({ form: prefix + form, value, refused });
      };
      const base = { ...basePlan, fixed: { ...scalarsOf(layout, example ?? {}), ...fixed } };
      const most = largest(layout, { fill: 'ones', entries: 1, bytes: 4, trailing: true, fixed }, sizeMax);
      const longest = sizeOf(layout, most);
      return [
        named('smallest', { fill: 'zero', entries: 0, bytes: 0, trailing: false }),
        ...(example !== undefined && isCase(example, fixed)
          ? [{ form: `${prefix}typical`, value: example }]
          : [named('typical', base)]),
        named('distinct', { fill: 'distinct', entries: 2, bytes: 5, trailing: true }),
        named('largest', most),
        ...namedValues(layout, base, new Set(Object.keys(fixed))).map(([form, plan]) => named(form, plan)),
        ...trailingForms(layout, base).map(([form, plan]) => named(form, plan)),
        ...lengthForms(part, base, sizeMax).map(([form, plan, refused]) => named(form, plan, refused)),
        ...edgeForms(protocol, part, base, longest).map(([form, plan]) => named(form, plan)),
      ];
    }),
  ];
}

/** The plan of forms that vary one field, together with the scalars of the example: one entry in each list. */
const basePlan: Plan = { fill: 'numbered', entries: 1, bytes: 4, trailing: true };

/** If the entry type of a list depends on a field, all forms are made for each value of that field. */
function choicesOf(layout: StructType): { prefix: string; fixed: Values }[] {
  for (const { type } of layout.fields) {
    if (!(type instanceof ListType) || type.selector === undefined) continue;
    const { field, cases } = type.selector;
    const selected = layout.fields.find(({ name }) => name === field)?.type as EnumType;
    return [...cases.keys()].map((value) => ({
      prefix: `${enumName(selected, value)}_`,
      fixed: { [field]: value },
    }));
  }
  return [{ prefix: '', fixed: {} }];
}

function isCase(example: Values, fixed: Values): boolean {
  return Object.entries(fixed).every(([name, value]) => example[name] === value);
}

/** The scalars of the example. Its lists and texts are left out because the plan sets their sizes. */
function scalarsOf(layout: StructType, example: Values): Values {
  const scalars = layout.fields.filter(
    ({ type }) => !(type instanceof ListType || type instanceof BytesType),
  );
  return defined(Object.fromEntries(scalars.map(({ name }) => [name, example[name]])));
}

/** A form for each value of each enum and each bit of each flag set, in list entries too. */
function namedValues(layout: StructType, base: Plan, chosen: ReadonlySet<string>): [string, Plan][] {
  return scalarFields(layout).flatMap(({ name, type }): [string, Plan][] => {
    if (chosen.has(name)) return [];
    const values = type instanceof EnumType ? type.values : type instanceof FlagsType ? type.bits : {};
    return Object.entries(values).map(([key, value]) => [
      `${name}_${key}`,
      { ...base, fixed: { ...base.fixed, [name]: value } },
    ]);
  });
}

/** The fields of a struct, of its list headers and of its list entries. */
function scalarFields(layout: StructType): Field[] {
  return layout.fields.flatMap((field): Field[] => {
    if (!(field.type instanceof ListType)) return [field];
    const { entry, options } = field.type;
    return [...options.headerWords, ...(entry instanceof StructType ? entry.fields : [])];
  });
}

function trailingForms(layout: StructType, base: Plan): [string, Plan][] {
  return layout.fields
    .filter(({ presence }) => presence?.trailing)
    .map(({ name }) => [`without_${name}`, { ...base, endsBefore: name }]);
}

/** Lists and texts of length 0, 1 and the limit, and one above the limit if RM refuses that. */
function lengthForms({ part, layout }: MessagePart, base: Plan, sizeMax: number): [string, Plan, string?][] {
  return variableParts(layout).flatMap((variable): [string, Plan, string?][] => {
    const { field, limit, max, step } = variable;
    const isList = field.type instanceof ListType;
    const inside = field.type instanceof BytesType ? field.type.options.inside : undefined;
    const counts = new Set([0, 1, ...(isList ? [] : [step, step + 1])]);
    for (const { field: inner, offset, size } of inside?.layout ?? []) {
      if (inner.presence?.trailing) counts.add(offset ?? 0).add((offset ?? 0) + (size ?? 0));
    }
    if (limit !== undefined) counts.add(max);
    else if (isList) counts.add(usualEntriesMax);
    const forms = [...counts].map((count): [string, Plan] => [
      `${field.name}_${count}`,
      resized(base, field.name, count),
    ]);
    // Only requests: RM can refuse only what it reads.
    const over: [string, Plan, string?][] =
      limit !== undefined && part === 'request'
        ? [[`${field.name}_${max + 1}`, resized(base, field.name, max + 1), limit.error]]
        : [];
    return [...forms, ...over].filter(([, plan]) => sizeOf(layout, plan) <= sizeMax);
  });
}
