import { formatDecimal } from '../../base/decimal.js';
import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { decodeText } from '../../base/text.js';
import { compile } from '../../codec/emitter.js';
import {
  type AnyType,
  type EnumType,
  type FlagsType,
  StructType,
  scalarCases,
  type TypeVisitor,
  visitType,
} from '../../wire/index.js';
import { enumName, flagNames, isText, payloadToJson } from './json.js';

/** A complete decoded value → its JSON text; the same text as `jsonText(payloadToJson(type, value))`. */
export type PayloadText = (value: unknown) => string;

const made = new WeakMap<AnyType, PayloadText>();

/**
 * Generates the JSON printer of a payload, for records that do not hold their bytes: those of `simulate` and of the library.
 * To make an object for `JSON.stringify` takes twice as long. What holds its bytes is written by `jsonWriter`.
 */
export function payloadText(type: AnyType): PayloadText {
  let text = made.get(type);
  if (text === undefined) {
    text = type instanceof StructType ? structText(type) : (value) => jsonText(payloadToJson(type, value));
    made.set(type, text);
  }
  return text;
}

const parameters = ['c'];

function structText(type: StructType): PayloadText {
  const { source, constants } = structSource(type);
  const slow = () => (value: unknown) => jsonText(payloadToJson(type, value));
  return compile<(constants: readonly unknown[]) => PayloadText>(parameters, source, slow)(constants);
}

/** Source of a function that takes the constants and returns the printer. */
function structSource(type: StructType): { source: string; constants: readonly unknown[] } {
  const constants: unknown[] = [];
  const constant = (value: unknown) => `c[${constants.push(value) - 1}]`;
  const lines: string[] = [];
  // Whether a key has certainly been printed before, so that the comma can be part of the literal.
  let begun = false;
  for (const field of type.fieldsInOrder) {
    const x = `o[${JSON.stringify(field.name)}]`;
    const key = JSON.stringify(`${JSON.stringify(field.name)}:`);
    const item = visitType(field.type, expressions, x, constant);
    const sure = field.type.kind !== 'reserved' && field.presence === undefined && !type.mayBeEmpty;
    if (sure && begun) lines.push(`s += ${JSON.stringify(`,${JSON.stringify(field.name)}:`)} + ${item};`);
    else lines.push(`if (${x} !== undefined) s += (s === '{' ? '' : ',') + ${key} + ${item};`);
    begun ||= sure;
  }
  return { source: `return (o) => { let s = '{'; ${lines.join('\n')} return s + '}'; };`, constants };
}

/** Takes a constant and returns the expression for it. */
type Constants = (value: unknown) => string;

/** The expression that prints the value `x` of a field of the struct `o`. */
const expressions: TypeVisitor<string, [x: string, constant: Constants]> = {
  ...scalarCases((type, x, constant) =>
    type.fixedSize === 8 ? `'"0x' + ${x}.toString(16) + '"'` : `${constant(formatDecimal)}(${x})`,
  ),
  enum: (type, x, constant) => `${constant(enumText(type))}(${x})`,
  flags: (type, x, constant) => `${constant(flagsText(type))}(${x})`,
  bytes(type, x, constant) {
    const hex = () => `'"' + ${constant(formatHex)}(${x}) + '"'`;
    if (type.options.encoding === 'raw') return hex();
    return `(${constant(isText)}(${constant(type)}, o) ? ${constant(bytesText)}(${x}) : ${hex()})`;
  },
  list({ entry, selector }, x, constant) {
    if (selector === undefined)
      return `${constant(listText)}(${x}, ${constant(payloadText(entry as AnyType))})`;
    const { field, cases } = selector;
    const texts = new Map([...cases].map(([value, layout]) => [value, payloadText(layout)]));
    return `${constant(listText)}(${x}, ${constant(texts)}.get(o[${JSON.stringify(field)}]))`;
  },
  struct: (type, x, constant) => `${constant(payloadText(type))}(${x})`,
  variant: (type, x, constant) => `${constant(payloadText(type))}(${x})`,
};

function listText(items: readonly unknown[], text: PayloadText): string {
  let all = '[';
  for (let index = 0; index < items.length; index++) all += (index === 0 ? '' : ',') + text(items[index]);
  return `${all}]`;
}

export function bytesText(bytes: Uint8Array): string {
  const text = decodeText(bytes);
  return text === undefined ? `{"hex":"${formatHex(bytes)}"}` : jsonText(text);
}

function enumText(type: EnumType): (value: number) => string {
  return (value) => {
    const name = enumName(type, value);
    return name === undefined ? String(value) : `"${name}"`;
  };
}

/** Flag words repeat, so up to 256 texts are kept. */
function flagsText(type: FlagsType): (value: number) => string {
  const texts = new Map<number, string>();
  return (value) => {
    let text = texts.get(value);
    if (text === undefined) {
      text = JSON.stringify(flagNames(type, value));
      if (texts.size < 256) texts.set(value, text);
    }
    return text;
  };
}
