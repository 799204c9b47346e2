import type { Notation, PathNode } from '../keys/index.js';
import { type Expected, expectedAfter } from './filter.js';

/** A text that may stand in an expression. */
export interface CompletionItem {
  readonly text: string;
  /** What it is, for people. May be empty. */
  readonly doc: string;
}

/** What may stand instead of characters [start, end) of an expression, best first. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly items: readonly CompletionItem[];
}

/** Largest number of items. */
const itemsMax = 100;
/** From this many characters on, fields of the payload are found without their prefix. */
const fieldMin = 2;

/** The word or operator that ends at the end of a text; a value in quotes from its quote on. */
const lastWord = /["'][^"']*$|[\w.:-]+$|[=!<>&|]+$/;
/** Closed quotes and regular expressions. */
const closed = /"(?:[^"\\]|\\.)*"|'[^']*'|\/(?:[^/\\]|\\.)+\//g;

const operatorDocs: readonly (readonly [operator: string, doc: string, fits: (node: Node) => boolean])[] = [
  ['==', 'equal', hasValue],
  ['!=', 'not equal', hasValue],
  ['<', 'less than', hasOrder],
  ['<=', 'at most', hasOrder],
  ['>', 'more than', hasOrder],
  ['>=', 'at least', hasOrder],
  ['in', 'one of several values: in {A, B}', hasValue],
  ['contains', 'the text is part of the value', hasValue],
  ['matches', 'the value fits a regular expression: /A.*B/', hasValue],
  ['and', 'both', () => true],
  ['or', 'one of both', () => true],
];
type Node = Pick<PathNode, 'notations'>;

/**
 * What may stand at a place of an expression: keys, operators, the names of values. It comes from the parser, so that
 * everything that is offered can be read.
 *
 * @param cursor place in the text, counted from 0
 */
export function completionsOf(text: string, cursor: number, names: PathNode): Completion {
  const before = text.slice(0, cursor);
  const [typed = ''] = lastWord.exec(before.replace(closed, (own) => `${'x'.repeat(own.length - 1)} `)) ?? [];
  const start = cursor - typed.length;
  const expected = expectedAfter(before.slice(0, start), names);
  const word = before.slice(start).replace(/^["']/, '');
  const items = expected === undefined ? [] : itemsOf(expected, word, names);
  return { start, end: cursor, items: items.slice(0, itemsMax) };
}

function itemsOf(expected: Expected, word: string, names: PathNode): CompletionItem[] {
  switch (expected.what) {
    case 'key':
      return keyItems(word, names);
    case 'operator': {
      const fitting = operatorDocs.filter(([, , fits]) => fits(expected.node));
      return similar(
        word,
        fitting.map(([text, doc]) => ({ text, doc })),
      );
    }
    case 'brace':
      return [{ text: '{', doc: 'the values, with commas between them' }];
    case 'and':
      return similar(word, [
        { text: 'and', doc: 'both' },
        { text: 'or', doc: 'one of both' },
      ]);
    case 'value':
      return similar(word, expected.notations.flatMap(valueItems));
  }
}

function keyItems(word: string, names: PathNode): CompletionItem[] {
  const dot = word.lastIndexOf('.');
  const outer = word.slice(0, dot + 1);
  let node: PathNode | undefined = names;
  for (const part of outer.split('.').slice(0, -1)) node = node?.parts.get(part);
  const here = similar(word.slice(dot + 1), partItems(node)).map((item) => ({
    ...item,
    text: outer + item.text,
  }));
  if (dot >= 0 || word.length < fieldMin) return here;
  const fields = similar(word, partItems(names.parts.get('payload')));
  const words = similar(word, [{ text: 'not', doc: 'the opposite' }]);
  return [...here, ...fields.map((item) => ({ ...item, text: `payload.${item.text}` })), ...words];
}

function partItems(node: PathNode | undefined): CompletionItem[] {
  return Array.from(node?.parts ?? [], ([text, { doc = '' }]) => ({ text, doc }));
}

function valueItems({ names, what }: Notation): CompletionItem[] {
  return Array.from(names ?? [], ([text, { number }]) => ({
    text,
    doc: number === undefined ? what : `${what} ${number < 0x10000 ? number : `0x${number.toString(16)}`}`,
  }));
}

/** Items that begin with the word, then those that contain it. */
function similar(word: string, items: readonly CompletionItem[]): CompletionItem[] {
  const wanted = word.toLowerCase();
  const unique = [...new Map(items.map((item) => [item.text, item])).values()];
  const place = ({ text }: CompletionItem) => text.toLowerCase().indexOf(wanted);
  return unique
    .filter((item) => place(item) >= 0)
    .sort((a, b) => Math.min(1, place(a)) - Math.min(1, place(b)));
}

function hasValue({ notations }: Node): boolean {
  return notations.length > 0;
}

function hasOrder({ notations }: Node): boolean {
  return notations.some(
    ({ number, names, text }) => number !== undefined || (names === undefined && text !== undefined),
  );
}
