import { nameLike } from '../../base/nearest.js';
import type { Notation } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import { fail, type Token } from './tokens.js';

/** A value to compare with. */
export interface Literal {
  /** As it was written. */
  readonly written: string;
  /** The texts of JSON that are equal to it. */
  readonly texts: readonly string[];
  /** Only the part of a text of JSON that begins here counts, in the length of the literal: a time with fewer decimals. */
  readonly from: number | undefined;
  readonly number: bigint | undefined;
  /** The number as a number, when it is exact. Most fields are small, and big integers are slow. */
  readonly small: number | undefined;
  /** The numbers of names, for `<` and `>`. */
  readonly numberOf: ReadonlyMap<string, number>;
}

/** Reads a value in the notations of a path. Throws UsageError with the known names for a value that none has. */
export function literalOf({ text: written, column }: Token, notations: readonly Notation[]): Literal {
  const texts = new Set<string>();
  const numberOf = new Map<string, number>();
  let number: bigint | undefined;
  let from: number | undefined;
  for (const notation of notations) {
    const names = notation.names ?? new Map();
    for (const { text, number: value } of names.values()) if (value !== undefined) numberOf.set(text, value);
    const named = names.get(nameLike(written, names.keys()) ?? '');
    const own = notation.text?.(written);
    const value = notation.number?.(written);
    if (named !== undefined) {
      texts.add(named.text);
      if (named.number !== undefined) number ??= BigInt(named.number);
    } else if (value !== undefined) {
      number ??= value;
      for (const { text, number: known } of names.values())
        if (BigInt(known ?? -1) === value) texts.add(text);
    } else if (own !== undefined) {
      texts.add(own.text);
      from = own.from;
    }
  }
  if (texts.size === 0 && number === undefined) refuseValue(written, column, notations);
  const small = Number.isSafeInteger(Number(number)) ? Number(number) : undefined;
  return { written, texts: [...texts], from, number, small, numberOf };
}

function refuseValue(written: string, column: number, notations: readonly Notation[]): never {
  const kinds = [...new Set(notations.map(({ what }) => what))].join(' or ');
  const names = [...new Set(notations.flatMap((notation) => [...(notation.names?.keys() ?? [])]))];
  const takesNumbers = notations.some(({ number }) => number !== undefined);
  if (names.length === 0) return fail(column, `a ${kinds}`, written || '""');
  const expected = `the name${takesNumbers ? ' or number' : ''} of a ${kinds}`;
  return fail(column, expected, written || '""', { what: kinds, names });
}

/** The number that a JSON value is, or that its name stands for. */
function numberIn(json: Json, { numberOf }: Literal): bigint | undefined {
  if (typeof json === 'number') return BigInt(json);
  if (typeof json !== 'string') return undefined;
  const named = numberOf.get(json);
  if (named !== undefined) return BigInt(named);
  return /^-?(0x[0-9a-f]+|\d+)$/.test(json) ? BigInt(json) : undefined;
}

export function textIn(json: Json): string {
  return typeof json === 'object' ? JSON.stringify(json) : String(json);
}

function partOf(text: string, { from, texts: [wanted = ''] }: Literal): string {
  return from === undefined ? text : text.slice(from).slice(0, wanted.length);
}

/** Negative, 0 or positive; undefined if the two cannot be compared. */
export function compare(json: Json, literal: Literal): number | undefined {
  const { texts, number, small } = literal;
  if (typeof json === 'number' && small !== undefined) return json < small ? -1 : Number(json > small);
  const text = partOf(textIn(json), literal);
  if (texts.includes(text)) return 0;
  if (number !== undefined) {
    const value = numberIn(json, literal);
    if (value !== undefined) return value < number ? -1 : Number(value > number);
    // A name of no known number is different from every number.
    return undefined;
  }
  const [wanted = ''] = texts;
  return text < wanted ? -1 : 1;
}
