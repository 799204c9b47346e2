import { type Choice, type Issue, WireError } from '../../base/error.js';
import { shownJson } from '../../base/json.js';

/** Throws WireError: JSON that should describe a message does not say what is needed, or contradicts itself. */
export function refuse(
  path: string,
  expected: Issue['expected'],
  json: unknown,
  code = json === undefined ? 'missing' : 'type',
  choice?: Choice,
): never {
  const actual = typeof json === 'number' ? json : shownJson(json);
  throw new WireError({ code, path, offset: 0, expected, actual, ...(choice && { choice }) });
}
