import { parseTime } from '../../base/time.js';
import type { Protocol } from '../../schema/index.js';
import type {
  AnyType,
  BitsType,
  EnumType,
  Field,
  ListType,
  StructType,
  VariantType,
} from '../../wire/index.js';
import { hexRoles, valueNames, vmidName } from '../payload/index.js';

/** A value with a name: the text of its JSON, and its number if it has one. */
export interface NamedValue {
  readonly text: string;
  readonly number?: number;
}

/** How people write the values of a key or a field, for filters. A value is a name, a number, or another text. */
export interface Notation {
  /** What a value is: `message`, `VM`. */
  readonly what: string;
  readonly names?: ReadonlyMap<string, NamedValue>;
  /** The number that a text means. Without it values are no numbers. */
  readonly number?: (text: string) => bigint | undefined;
  /** The text of the JSON. With `from` only as many characters count from there on. Undefined: not such a text. */
  readonly text?: (text: string) => { readonly text: string; readonly from?: number } | undefined;
}

function plainNumber(text: string): bigint | undefined {
  const [, sign, digits = ''] = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  return sign === undefined ? undefined : BigInt(digits) * (sign === '-' ? -1n : 1n);
}

/** Reads plain numbers, and decimal ones with a unit. Units are in lower case. */
function numberWith(units: Readonly<Record<string, number>>): (text: string) => bigint | undefined {
  return (text) => {
    const [, value, unit = ''] = /^(-?\d+(?:\.\d+)?)\s*([a-zµ]+)$/i.exec(text) ?? [];
    const factor = units[unit.toLowerCase()];
    return factor === undefined ? plainNumber(text) : BigInt(Math.round(Number(value) * factor));
  };
}

const sizeUnits = { b: 1, byte: 1, bytes: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
const timeUnits = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

export const numbers: Notation = { what: 'number', number: plainNumber };
export const sizes: Notation = { what: 'size', number: numberWith(sizeUnits) };
export const durations: Notation = { what: 'time', number: numberWith(timeUnits) };
export const texts: Notation = { what: 'text', text: (text) => ({ text }) };

export const hexTexts: Notation = {
  what: 'hex text',
  text: (text) =>
    /^(0x)?[0-9a-f]*$/i.test(text) ? { text: text.toLowerCase().replace(/^0x/, '') } : undefined,
};

/** Times of a day stand in front of the last nine digits and `Z`. */
const timeOfDay = -'22:13:20.005000000Z'.length;

/** ISO 8601 in UTC, or the time of a day as it is printed: `22:13:20.005`. */
export const times: Notation = {
  what: 'time such as 2023-11-14T22:13:20Z or 22:13:20.005',
  text(text) {
    if (/^\d\d:\d\d:\d\d(\.\d{0,9})?$/.test(text)) return { text, from: timeOfDay };
    if (/^\d{4,}-\d\d-\d\d$/.test(text)) return { text, from: 0 };
    const isTime = parseTime(/Z$/.test(text) ? text : `${text}Z`) !== undefined;
    return isTime ? { text: text.replace(/Z$/, ''), from: 0 } : undefined;
  },
};

/** VMs by number, by the names that have one, and as they are printed: `VM 128`. */
export function vms(protocol: Protocol): Notation {
  const named = Object.values(protocol.constants).flatMap((number) => {
    const name = vmidName(protocol, number);
    return name === undefined ? [] : [[name, { text: String(number), number }] as const];
  });
  return { what: 'VM', names: new Map(named), number: (text) => plainNumber(text.replace(/^vm\s*/i, '')) };
}

/** One of some names. */
export function namesOnly(what: string, names: Iterable<string>): Notation {
  return { what, names: new Map(Array.from(names, (name) => [name, { text: name }])) };
}

/** An enum, a flag set or the error word: names, or numbers. */
export function valuesOf(type: Parameters<typeof valueNames>[0]): Notation {
  const declared: [string, number][] = Object.entries(type.kind === 'enum' ? type.values : type.bits);
  const values = Array.from(valueNames(type), ([name, number]): [string, NamedValue] => [
    name,
    { text: declared.find(([, own]) => own === number)?.[0] ?? name, number },
  ]);
  return { what: type.label.replaceAll('_', ' '), names: new Map(values), number: plainNumber };
}

/** What stands at a path of a record: values in some notations, and the names that may follow behind a dot. */
export interface PathNode {
  readonly notations: readonly Notation[];
  readonly parts: ReadonlyMap<string, PathNode>;
  /** What stands there, for people. Of fields of the same name in several messages it is that of one. */
  readonly doc?: string;
}

export function leaf(...notations: readonly Notation[]): PathNode {
  return { notations, parts: new Map() };
}

export function inner(parts: Iterable<readonly [string, PathNode]>): PathNode {
  return { notations: [], parts: new Map(parts) };
}

/** The fields of several layouts. Fields of the same name may have values of several notations. */
export function nodeOfLayouts(protocol: Protocol, layouts: readonly (StructType | VariantType)[]): PathNode {
  const byName = new Map<string, Set<Field>>();
  for (const layout of layouts)
    for (const field of layout.layouts.flatMap(({ fieldsInOrder }) => fieldsInOrder))
      byName.set(field.name, (byName.get(field.name) ?? new Set()).add(field));
  return inner(Array.from(byName, ([name, fields]) => [name, nodeOfFields(protocol, [...fields])] as const));
}

function nodeOfFields(protocol: Protocol, fields: readonly Field[]): PathNode {
  const layouts: (StructType | VariantType)[] = [];
  const values: Notation[] = [];
  for (const { type, role } of fields) {
    for (const entry of type.kind === 'list' ? (type as ListType).entryTypes : [type]) {
      if (entry.kind === 'struct' || entry.kind === 'variant') layouts.push(entry as StructType);
      else values.push(notationOf(protocol, entry, role));
    }
  }
  const doc = fields.find((field) => field.doc !== '')?.doc ?? '';
  return { notations: values, parts: nodeOfLayouts(protocol, layouts).parts, doc };
}

function notationOf(protocol: Protocol, type: AnyType, role: string | undefined): Notation {
  if (role === 'vmid') return vms(protocol);
  switch (type.kind) {
    case 'enum':
    case 'flags':
      return valuesOf(type as EnumType);
    case 'bits': {
      const { names } = type as BitsType;
      return names === undefined ? numbers : valuesOf(names);
    }
    case 'bytes':
      return texts;
    default:
      return hexRoles.has(role ?? '') ? sizes : numbers;
  }
}
