import { type Issue, UsageError, type WireError } from './error.js';
import { nearest } from './nearest.js';
import { printable, shortened } from './text.js';

/** Longest description of what is expected, in characters, that stands behind a name without suggestions. */
const expectedMax = 60;

/** Longest list of names that a sentence prints in full. */
const listedMax = 12;

/** Largest number that a number of JavaScript represents exactly. As a limit it means that there is none. */
const unlimited = BigInt(Number.MAX_SAFE_INTEGER);

/** An error of the command line or the input, for people. Programs take its code and fields. */
export function errorText(error: WireError | UsageError): string {
  const place = error instanceof UsageError ? shortened(error.path) : placeOf(error);
  return printable(`${error.context}${place === '' ? '' : `${place}: `}${sentence(error)}`);
}

/** What is wrong with a message, for people: `vmid, offset 4: 4 bytes are needed, 2 are there`. */
export function issueText(issue: Issue): string {
  return printable(`${placeOf(issue)}: ${sentence(issue)}`);
}

function placeOf({ path, offset }: Issue): string {
  return path === '' ? `offset ${offset}` : `${shortened(path)}, offset ${offset}`;
}

/** What was found and what is needed, without the place. */
export function sentence(whole: Issue): string {
  const { actual } = whole;
  const issue = typeof actual === 'string' ? { ...whole, actual: shortened(actual) } : whole;
  const names = namesOf(issue);
  if (names !== undefined) return choiceText(issue, names);
  return (rows[issue.code] ?? otherwise)(valueText(issue.expected), valueText(issue.actual), issue);
}

/** The possible names: those of the issue, or `expected` when that is a list of names. */
function namesOf({ choice, expected, actual }: Issue): readonly string[] | undefined {
  if (choice !== undefined) return choice.names;
  if (isNothing(String(actual))) return undefined;
  const isList = typeof actual === 'string' && /^[\w.-]+(, [\w.-]+)+$/.test(String(expected));
  return isList ? String(expected).split(', ') : undefined;
}

function choiceText({ choice, expected, actual }: Issue, names: readonly string[]): string {
  const what = choice === undefined ? '' : `${choice.what} `;
  const given = String(actual).replace(/^"(.*)"$/, '$1');
  const start = `there is no ${what}${given === '' ? '""' : given}`;
  const likely = nearest(given, names).slice(0, 3);
  if (likely.length > 0) return `${start}; did you mean ${either(likely)}?`;
  if (names.length <= listedMax) return `${start}; possible: ${names.join(', ')}`;
  return choice === undefined || String(expected).length > expectedMax
    ? start
    : `${start}; expected ${expected}`;
}

/** `a, b or c` */
function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}

function isNothing(actual: string): boolean {
  return /^(nothing|none|undefined)$/.test(actual);
}

type Row = (expected: string, actual: string, issue: Issue) => string;

const otherwise: Row = (expected, actual, issue) => {
  if (typeof issue.expected !== 'string') return `is ${actual}, must be ${expected}`;
  return isNothing(actual) ? `expected ${expected}, found nothing` : `expected ${expected}, not ${actual}`;
};

/** `0..65535 bytes` as `0 to 65535 bytes`. Other texts stay. */
function rangeText(text: string): string {
  const [, min, max = '', unit] = /^(\d+)\.\.(\w+)(.*)$/.exec(text) ?? [];
  if (min === undefined) return text;
  const isUnlimited = /^\d+$/.test(max) && BigInt(max) >= unlimited;
  return `${min} ${isUnlimited ? 'or more' : `to ${maximumText(max)}`}${unit}`;
}

const range: Row = (expected, actual) => `${actual} is out of range: it must be ${rangeText(expected)}`;

const hexValues: Row = (_, __, { expected, actual }) => `is ${hexText(actual)}, must be ${hexText(expected)}`;

/** A sentence for each code whose fields need other words than {@link otherwise} has. */
const rows: Readonly<Record<string, Row>> = {
  truncated: (expected, actual) => `${expected} bytes are needed, ${actual} are there`,
  trailing: (expected, actual) => `the fields end after ${expected} bytes, and there are ${actual}`,
  short: (expected, actual) => `a header has ${expected} bytes, and the queue message has ${actual}`,
  api: (_, __, { expected, actual }) =>
    `this is no RPC header: it begins with ${byteText(actual)}, must be ${byteText(expected)}`,
  fragments: (expected, actual) =>
    `the header announces ${actual} more packets: it must be ${rangeText(expected)}`,
  size: (expected, actual) => `the queue message has ${actual} bytes, and a queue takes at most ${expected}`,
  lost: (_, actual) => `events were lost before this: ${actual}`,
  cut: (expected, actual) => `the message has ${expected} bytes, and the trace holds ${actual}`,
  padding: (_, actual) => `a padding byte must be 0 and is ${actual}`,
  max: (expected, actual) => `${actual} entries, and the manager takes at most ${expected}`,
  choice: (expected, actual) => `no layout is known for ${actual}: it must be ${expected}`,
  range,
  payload_size: range,
  argument(expected, actual, issue) {
    if (!/^\d+\.\./.test(expected)) return otherwise(expected, actual, issue);
    return /^(0x[0-9a-f]+|\d+)$/i.test(actual)
      ? range(expected, actual, issue)
      : `"${actual}" is not a number: it must be ${rangeText(expected)}`;
  },
  type: (expected, actual) => `must be ${expected}, not ${actual}`,
  missing: (expected) => `is missing: expected ${expected}`,
  duplicate: (_, actual) => `${actual} is there twice`,
  json: (expected, actual, issue) =>
    expected.startsWith('at most')
      ? otherwise(expected, actual, issue)
      : `this is not ${expected}: ${actual}`,
  empty: () => 'the input is empty',
  format: (expected, actual) =>
    /^\w+$/.test(expected)
      ? `the input is ${actual}, not ${expected}`
      : `the format is not recognised: expected ${expected}, found ${actual}`,
  line_length: (expected) => `the line is too long: it must have ${expected}`,
  magic: hexValues,
  id: hexValues,
  sql: (_, actual) => `DuckDB refuses the query: ${actual}`,
  package: (expected) => `${expected} is needed`,
  rm_error: (_, actual) => `the manager answered ${actual}`,
};

function valueText(value: Issue['expected']): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}

function hexText(value: Issue['expected']): string {
  return typeof value === 'number' ? `0x${value.toString(16).padStart(8, '0')}` : valueText(value);
}

function byteText(value: Issue['expected']): string {
  return typeof value === 'number' ? `0x${value.toString(16).padStart(2, '0')}` : valueText(value);
}

/** Limits of 32 and 64 bits are easier to recognise in hexadecimal. */
function maximumText(digits: string): string {
  return /^\d+$/.test(digits) && BigInt(digits) >= 0xffffffffn ? `0x${BigInt(digits).toString(16)}` : digits;
}
