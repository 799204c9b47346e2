import { UsageError } from '../../base/error.js';
import type { Json } from '../payload/index.js';

/**
 * The NDJSON keys of a record, made when they are asked for; undefined: the record does not have the key. With a `name`
 * the value may lack all that does not stand under that name.
 */
export type Fields = (key: string, name?: string) => Json | undefined;
export type Filter = (fields: Fields) => boolean;

interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'operator' | 'end';
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const tokenPattern =
  /\s*(?:(0x[0-9a-fA-F]+|-?\d+)(?![\w.])|([A-Za-z_][\w.]*)|"((?:[^"\\]|\\.)*)"|'([^']*)'|(==|!=|<=|>=|&&|\|\||[<>()!]))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (;;) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    const column = at + 1 + (/^\s*/.exec(text.slice(at)) as RegExpExecArray)[0].length;
    if (match === null) {
      const rest = text.slice(column - 1, column + 9);
      if (rest.startsWith('=')) fail(column, '== for equal', rest);
      if (rest !== '') fail(column, 'a name, number, text or operator', rest);
      tokens.push({ kind: 'end', text: 'the end', column });
      return tokens;
    }
    const [, number, word, double, single, operator] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, column });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, column });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, column });
    else tokens.push({ kind: 'text', text: single ?? (double as string).replace(/\\(.)/g, '$1'), column });
  }
}

function fail(column: number, expected: string, actual: string): never {
  throw new UsageError({ code: 'filter', path: `column ${column}`, expected, actual });
}

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'contains']);

/** A value to compare with: its text, and its number when the text is one. */
interface Literal {
  readonly text: string;
  readonly number: bigint | undefined;
  /** The number as a number, when it is exact. Most fields are small, and big integers are slow. */
  readonly small: number | undefined;
}

/** Keys of a record, and what `payload.` may be followed by. */
export interface FilterNames {
  readonly keys: ReadonlySet<string>;
  readonly payload: ReadonlySet<string>;
}

/**
 * Compiles an expression of the filter language (cli.md): comparisons of dotted paths with values, `and`, `or`, `not`,
 * parentheses. A path alone is true where the record has a value. A comparison is false where the record has none, also
 * with `!=`. A list matches if any entry does. Numbers compare as numbers in any notation, all else as text. Throws
 * UsageError with the column of a syntax error or of a name that no record has.
 */
export function parseFilter(text: string, names: FilterNames): Filter {
  const tokens = tokenize(text);
  let index = 0;
  const peek = () => tokens[index] as Token;
  const next = () => tokens[index++] as Token;
  const accepts = (...texts: string[]) =>
    peek().kind !== 'text' && texts.includes(peek().text) && next() !== undefined;
  let depth = 0;

  // One function for all terms of a chain, not one around the other: a filter may have thousands of terms.
  function either(): Filter {
    const terms = [both()];
    while (accepts('or', '||')) terms.push(both());
    return terms.length === 1 ? (terms[0] as Filter) : (fields) => terms.some((term) => term(fields));
  }

  function both(): Filter {
    const terms = [negation()];
    while (accepts('and', '&&')) terms.push(negation());
    return terms.length === 1 ? (terms[0] as Filter) : (fields) => terms.every((term) => term(fields));
  }

  function negation(): Filter {
    const { column } = peek();
    if (++depth > 200) return fail(column, 'at most 200 levels of parentheses and not', 'more');
    try {
      if (accepts('not', '!')) {
        const inner = negation();
        return (fields) => !inner(fields);
      }
      if (!accepts('(')) return comparison();
      const inner = either();
      if (!accepts(')')) fail(peek().column, ')', peek().text);
      return inner;
    } finally {
      depth--;
    }
  }

  function comparison(): Filter {
    const token = next();
    if (token.kind !== 'word')
      return fail(token.column, 'a key such as name, from or payload.vmid', token.text);
    const path = pathOf(token, names);
    const operator = peek();
    if (operator.kind === 'text' || !comparisons.has(operator.text)) return (fields) => exists(fields, path);
    next();
    const value = next();
    if (value.kind === 'end' || value.kind === 'operator') return fail(value.column, 'a value', value.text);
    const literal = literalOf(value);
    const test = tests[operator.text] as (json: Json, literal: Literal) => boolean;
    return (fields) => anyAt(fields, path, (json) => test(json, literal));
  }

  const filter = either();
  if (peek().kind !== 'end') fail(peek().column, 'and, or, or the end', peek().text);
  return filter;
}

function pathOf({ text, column }: Token, { keys, payload }: FilterNames): readonly string[] {
  const [key = '', ...rest] = text.split('.');
  if (!keys.has(key)) return fail(column, `one of ${[...keys].join(', ')}`, key);
  const [name] = rest;
  if (key === 'payload' && name !== undefined && !payload.has(name)) {
    return fail(column, 'a field that some message has', name);
  }
  return [key, ...rest];
}

function literalOf({ kind, text }: Token): Literal {
  const number = kind === 'text' ? undefined : numberOf(text);
  const small = Number.isSafeInteger(Number(number)) ? Number(number) : undefined;
  return { text, number, small };
}

function numberOf(text: string): bigint | undefined {
  if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(text)) return undefined;
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Whether a scalar at the path passes the test. A list stands for all its entries. */
function anyAt(fields: Fields, path: readonly string[], test: (json: Json) => boolean): boolean {
  const visit = (json: Json | undefined, depth: number): boolean => {
    if (json === undefined) return false;
    if (Array.isArray(json)) return json.some((entry) => visit(entry, depth));
    if (depth === path.length) return test(json);
    if (typeof json !== 'object' || json === null) return false;
    const key = path[depth] as string;
    return Object.hasOwn(json, key) && visit(json[key], depth + 1);
  };
  return visit(fields(path[0] as string, path[1]), 1);
}

function exists(fields: Fields, path: readonly string[]): boolean {
  return anyAt(fields, path, (json) => json !== false && json !== null);
}

function scalarText(json: Json): string {
  return typeof json === 'object' ? JSON.stringify(json) : String(json);
}

function compare(json: Json, { text, number, small }: Literal): number | undefined {
  if (typeof json === 'number' && small !== undefined) return json < small ? -1 : Number(json > small);
  const own = scalarText(json);
  if (number !== undefined) {
    const value = numberOf(own);
    if (value === undefined) return undefined;
    return value < number ? -1 : Number(value > number);
  }
  return own < text ? -1 : Number(own > text);
}

const tests: Readonly<Record<string, (json: Json, literal: Literal) => boolean>> = {
  '==': (json, literal) => compare(json, literal) === 0,
  '!=': (json, literal) => compare(json, literal) !== 0,
  '<': (json, literal) => (compare(json, literal) ?? 0) < 0,
  '<=': (json, literal) => (compare(json, literal) ?? 1) <= 0,
  '>': (json, literal) => (compare(json, literal) ?? 0) > 0,
  '>=': (json, literal) => (compare(json, literal) ?? -1) >= 0,
  contains: (json, { text }) => scalarText(json).includes(text),
};
