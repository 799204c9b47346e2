import { UsageError } from '../../base/error.js';
import { nameLike } from '../../base/nearest.js';
import type { Notation, PathNode } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import { compileRegex } from './regex.js';
import { fail, type Token, Tokens } from './tokens.js';
import { compare, type Literal, literalOf, textIn } from './values.js';

/**
 * The NDJSON keys of a record, made when they are asked for; undefined: the record does not have the key. With a `name`
 * the value may lack all that does not stand under that name.
 */
export type Fields = (key: string, name?: string) => Json | undefined;
export type Filter = (fields: Fields) => boolean;

/** A part of a filter, all of which must hold, and the keys whose values decide it. */
export interface FilterTerm {
  readonly test: Filter;
  readonly keys: ReadonlySet<string>;
}

type Test = (json: Json) => boolean;

/**
 * Compiles an expression of the filter language (cli.md): comparisons of dotted paths with values, `in {A, B}`,
 * `contains`, `matches /regex/`, `and`, `or`, `not`, parentheses. A path alone is true where the record has a value. A
 * comparison is false where the record has none, also with `!=`. A list matches if any entry does. Keys, names of values
 * and words of the language are accepted in any letter case, and values in the notations that the tool prints: `HLOS`,
 * `VM 128`, `1.000 ms`, `32 MiB`, `0x80`.
 *
 * @throws UsageError with the column for a syntax error, for a name that no record has, and for a value that the key
 * cannot have, so that no filter matches nothing by a typing error.
 */
export function parseFilter(text: string, names: PathNode): Filter {
  return joined(parseTerms(text, names)).test;
}

/** As {@link parseFilter}, in parts. */
export function parseTerms(text: string, names: PathNode): FilterTerm[] {
  return new Parser(text, names).terms();
}

/** One term that holds where all do. */
function joined(terms: readonly FilterTerm[]): FilterTerm {
  const [first] = terms;
  if (first !== undefined && terms.length === 1) return first;
  return { keys: keysOf(terms), test: (fields) => terms.every(({ test }) => test(fields)) };
}

function keysOf(terms: readonly FilterTerm[]): Set<string> {
  const keys = new Set<string>();
  for (const term of terms) for (const key of term.keys) keys.add(key);
  return keys;
}

/** What may come next in an expression. */
export type Expected =
  | { readonly what: 'key' | 'brace' | 'and' }
  | { readonly what: 'operator'; readonly node: PathNode }
  | { readonly what: 'value'; readonly notations: readonly Notation[] };

/** What may come behind an expression that is not complete. Undefined if there is an error before its end. */
export function expectedAfter(text: string, names: PathNode): Expected | undefined {
  let expected: Expected | undefined;
  const end = text.trimEnd().length;
  const parser = new Parser(text, names, (next, column) => {
    expected = column > end ? next : undefined;
  });
  try {
    parser.terms();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  return expected;
}

/** Is told what may come at a column, before it is read. */
type Expects = (expected: Expected, column: number) => void;

/** Deepest nesting of parentheses and `not`. */
const levelsMax = 200;

class Parser {
  readonly #tokens: Tokens;
  readonly #names: PathNode;
  readonly #expects: (expected: Expected) => void;
  #depth = 0;

  constructor(text: string, names: PathNode, expects: Expects = () => {}) {
    const tokens = new Tokens(text);
    this.#tokens = tokens;
    this.#names = names;
    this.#expects = (expected) => expects(expected, tokens.column);
  }

  terms(): FilterTerm[] {
    const terms = this.#either();
    const { kind, column, text } = this.#tokens.peek();
    return kind === 'end' ? terms : fail(column, 'and, or, or the end', text);
  }

  #accepts(...texts: readonly string[]): boolean {
    if (!texts.includes(this.#tokens.peek().text.toLowerCase())) return false;
    this.#tokens.next();
    return true;
  }

  // One function for all terms of a chain, not one around the other: a filter may have thousands of terms.
  #either(): FilterTerm[] {
    const first = this.#both();
    if (!this.#accepts('or', '||')) return first;
    const terms = [joined(first)];
    do terms.push(joined(this.#both()));
    while (this.#accepts('or', '||'));
    return [{ keys: keysOf(terms), test: (fields) => terms.some(({ test }) => test(fields)) }];
  }

  #both(): FilterTerm[] {
    const terms = this.#negation();
    while (this.#accepts('and', '&&')) for (const term of this.#negation()) terms.push(term);
    return terms;
  }

  #negation(): FilterTerm[] {
    this.#expects({ what: 'key' });
    const { column } = this.#tokens.peek();
    if (++this.#depth > levelsMax) fail(column, `at most ${levelsMax} levels of parentheses and not`, 'more');
    try {
      if (this.#accepts('not', '!')) {
        const { keys, test } = joined(this.#negation());
        return [{ keys, test: (fields) => !test(fields) }];
      }
      if (!this.#accepts('(')) return [this.#comparison()];
      const inner = this.#either();
      const end = this.#tokens.peek();
      if (!this.#accepts(')')) fail(end.column, ')', end.text);
      this.#expects({ what: 'and' });
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): FilterTerm {
    const token = this.#tokens.next();
    if (token.kind !== 'word') fail(token.column, 'a key such as name, from or payload.vmid', token.text);
    const [path, node] = pathOf(token, this.#names);
    this.#expects({ what: 'operator', node });
    const operator = this.#tokens.peek();
    const name = operator.text.toLowerCase();
    const term = (test: Test) => ({
      keys: new Set(path.slice(0, 1)),
      test: (fields: Fields) => anyAt(fields, path, test),
    });
    if (!Object.hasOwn(operators, name)) return term(isThere);
    this.#tokens.next();
    const { notations } = node;
    if (notations.length === 0) {
      const parts = [...node.parts.keys()].map((part) => `${path.join('.')}.${part}`);
      fail(token.column, `a part of ${token.text}, such as ${parts[0]}`, token.text);
    }
    const test = (operators[name] as Operator)(this.#tokens, notations, this.#expects);
    this.#expects({ what: 'and' });
    return term(test);
  }
}

/** The path of a key, with what stands there. */
function pathOf({ text, column }: Token, names: PathNode): [readonly string[], PathNode] {
  const path: string[] = [];
  let node = names;
  for (const part of text.split('.')) {
    const name = nameLike(part, node.parts.keys());
    const next = name === undefined ? undefined : node.parts.get(name);
    if (name === undefined || next === undefined) return refusePath(text, column, path, node, names);
    path.push(name);
    node = next;
  }
  return [path, node];
}

function refusePath(
  text: string,
  column: number,
  before: readonly string[],
  node: PathNode,
  names: PathNode,
): never {
  const start = before.join('.');
  if (node.parts.size === 0) return fail(column, `${start} alone, which has no parts`, text);
  // A field of the payload may have been written without its prefix.
  const paths =
    start === ''
      ? [...names.parts.keys(), ...partsOf('payload', names)]
      : partsOf(start, { parts: new Map([[start, node]]) });
  const expected =
    start === '' ? `one of ${[...names.parts.keys()].join(', ')}` : 'a field that some message has';
  return fail(column, expected, text, { what: start === '' ? 'key' : 'field', names: paths });
}

function partsOf(name: string, { parts }: Pick<PathNode, 'parts'>): string[] {
  return Array.from(parts.get(name)?.parts.keys() ?? [], (part) => `${name}.${part}`);
}

/** The path of a key, such as `payload.vmid`. @throws UsageError for one that no record has. */
export function pathNamed(text: string, names: PathNode): readonly string[] {
  return pathOf({ kind: 'word', text, column: 1 }, names)[0];
}

/** All values at a path, those of all entries of lists. A struct that ends a path is one value. */
export function valuesAt(fields: Fields, path: readonly string[]): Json[] {
  const found: Json[] = [];
  anyAt(fields, path, (json) => {
    found.push(json);
    return false;
  });
  return found;
}

/** Whether a scalar at the path passes the test. A list stands for all its entries. */
function anyAt(fields: Fields, path: readonly string[], test: Test): boolean {
  if (path.length === 1) {
    // Most filters ask for such keys, of all records.
    const json = fields(path[0] as string);
    if (typeof json === 'string' || typeof json === 'number') return test(json);
  }
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

const isThere: Test = (json) => json !== false && json !== null;

/** Reads what follows an operator, and makes the test of a value. */
type Operator = (
  tokens: Tokens,
  notations: readonly Notation[],
  expects: (expected: Expected) => void,
) => Test;

function comparing(passes: (order: number | undefined) => boolean): Operator {
  return (tokens, notations, expects) => {
    expects({ what: 'value', notations });
    const literal = literalOf(tokens.value(), notations);
    return remembering((json) => passes(compare(json, literal)));
  };
}

/** Texts whose result is remembered. Those of most keys are names, of which there are fewer. */
const rememberedMax = 1024;

/** The same test, which compares a text once. */
function remembering(test: Test): Test {
  const results = new Map<string, boolean>();
  // A reply mostly has what its request had.
  let latest: Json = null;
  let latestResult = false;
  return (json) => {
    if (typeof json !== 'string') return test(json);
    if (json === latest) return latestResult;
    let result = results.get(json);
    if (result === undefined) {
      result = test(json);
      if (results.size < rememberedMax) results.set(json, result);
    }
    latest = json;
    latestResult = result;
    return result;
  };
}

const operators: Readonly<Record<string, Operator>> = {
  '==': comparing((order) => order === 0),
  '!=': comparing((order) => order !== 0),
  '<': comparing((order) => order !== undefined && order < 0),
  '<=': comparing((order) => order !== undefined && order <= 0),
  '>': comparing((order) => order !== undefined && order > 0),
  '>=': comparing((order) => order !== undefined && order >= 0),
  contains(tokens, notations) {
    const { text } = tokens.value();
    // Known names are accepted in any letter case everywhere.
    if (!hasNames(notations)) return (json) => textIn(json).includes(text);
    const wanted = text.toLowerCase();
    return (json) => textIn(json).toLowerCase().includes(wanted);
  },
  matches(tokens, notations) {
    const { text, column } = tokens.pattern();
    const matches = compileRegex(text, hasNames(notations), column);
    return (json) => matches(textIn(json));
  },
  in(tokens, notations, expects) {
    expects({ what: 'brace' });
    if (!tokens.takes('{')) fail(tokens.column, '{', tokens.rest);
    const literals: Literal[] = [];
    do {
      expects({ what: 'value', notations });
      literals.push(literalOf(tokens.value(), notations));
    } while (tokens.takes(','));
    if (!tokens.takes('}')) fail(tokens.column, ', or }', tokens.rest);
    return (json) => literals.some((literal) => compare(json, literal) === 0);
  },
};

function hasNames(notations: readonly Notation[]): boolean {
  return notations.some(({ names }) => names !== undefined);
}
