import { inContext } from '../base/error.js';
import { parseJson } from '../base/json.js';
import { type Line, lineReaders } from '../base/line-readers.js';
import type { Json } from '../capture/payload/index.js';
import type { FixtureJson } from './json.js';

const { object, text, hex, natural, list, optional, refuse } = lineReaders('fixture');

/**
 * The fixtures in a file.
 *
 * @param file its name, for errors. @throws WireError with file, line and key for what is no array of fixtures.
 */
export function readFixtures(file: string, content: string): FixtureJson[] {
  return inContext(`${file}: `, () => {
    const fixtures = list(parseJson(content), '');
    const lines = linesOfEntries(content);
    return fixtures.map((fixture, index) =>
      inContext(`line ${lines[index]}: `, () => readFixture(object(fixture, ''))),
    );
  });
}

function readFixture(line: Line): FixtureJson {
  for (const key of ['name', 'message', 'id', 'type', 'provenance']) text(line[key], key);
  for (const key of ['refused', 'fault', 'source']) optional(line, key, text);
  for (const key of ['seq', 'size']) natural(line[key], key);
  if (typeof line.error !== 'string') optional(line, 'error', natural);
  for (const [key, value] of Object.entries(optional(line, 'request', object) ?? {}))
    text(value, `request.${key}`);
  optional(line, 'payload', hex);
  const frames = list(line.frames, 'frames');
  if (frames.length === 0) refuse('frames', 'a queue message', line.frames);
  for (const [index, frame] of frames.entries()) hex(frame, `frames[${index}]`);
  return line as unknown as FixtureJson & { readonly value?: Json };
}

/** The lines, from 1, at which the entries of a JSON array begin. */
function linesOfEntries(json: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let isNext = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at] as string;
    if (char === '\n') line++;
    if (/\s/.test(char)) continue;
    if (isNext && char !== ']') lines.push(line);
    isNext = false;
    if (char === '"') at = endOfText(json, at);
    else if (char === '[' || char === '{') isNext = ++depth === 1;
    else if (char === ']' || char === '}') depth--;
    else if (char === ',') isNext = depth === 1;
  }
  return lines;
}

/** Index of the quote that ends a text in JSON. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
