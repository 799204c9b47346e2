import { type Choice, type Issue, WireError } from '../../base/error.js';

/** Characters of a refused value that an error shows. */
const shownMax = 60;

/** Throws WireError: JSON that should describe a message does not say what is needed, or contradicts itself. */
export function refuse(
  path: string,
  expected: Issue['expected'],
  json: unknown,
  code = json === undefined ? 'missing' : 'type',
  choice?: Choice,
): never {
  const text = typeof json === 'number' ? json : (JSON.stringify(json) ?? 'nothing');
  const isLong = typeof text === 'string' && text.length > shownMax;
  const actual = isLong ? `${text.slice(0, shownMax)}...` : text;
  throw new WireError({ code, path, offset: 0, expected, actual, ...(choice && { choice }) });
}
