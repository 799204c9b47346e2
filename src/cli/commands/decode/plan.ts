import { UsageError } from '../../../base/error.js';
import {
  Columns,
  type Filter,
  type FilterNames,
  type FilterTerm,
  filterNames,
  parseTerms,
  separatorNamed,
} from '../../../capture/filter/index.js';
import type { Protocol } from '../../../schema/index.js';
import { refuseArgument, refuseOption } from '../../options.js';
import { outputForm } from '../../output-form.js';
import type { DecodeOptions } from './options.js';

/** What a command line asks for. */
export interface Plan {
  readonly form: 'json' | 'text' | 'pcapng' | 'hex' | 'parquet';
  readonly filter: Filter | undefined;
  /** The same in parts. */
  readonly terms: readonly FilterTerm[];
  readonly columns: Columns | undefined;
}

/** Options that choose what is printed. Of each row at most one can be given. */
const exclusive: readonly (readonly (keyof DecodeOptions)[])[] = [
  ['summary', 'stats', 'frames'],
  ['summary', 'stats', 'e'],
  ['oneline', 'verbose'],
  ['oneline', 'hex'],
  ['oneline', 'json'],
  ['oneline', 'frames'],
  ['oneline', 'summary'],
  ['oneline', 'stats'],
  ['oneline', 'e'],
];
/** Options that do not go with `--to`, since it writes packets. */
const ofText = ['json', 'summary', 'stats', 'frames', 'hex', 'oneline', 'verbose', 'T', 'e'] as const;

/** They are collected from all layouts when an option needs them. */
type Names = () => FilterNames;

/** Checks the options and parses what they say. @throws UsageError */
export function planOf(protocol: Protocol, files: readonly string[], options: DecodeOptions): Plan {
  const names = () => filterNames(protocol, options.frames === true);
  checkFiles(files, options);
  const form = formOf(options);
  const given = (key: keyof DecodeOptions) =>
    options[key] !== undefined || (key === 'json' && form === 'json');
  for (const row of exclusive) {
    const [first, ...others] = row.filter(given);
    if (first !== undefined && others.length > 0) conflict(first, others);
  }
  const toPackets = form !== 'json' && form !== 'text';
  const others = ofText.filter((key) => options[key] !== undefined);
  if (toPackets && others.length > 0) conflict('to', others);
  const terms = termsOf(options, names);
  const filter: Filter = (fields) => terms.every(({ test }) => test(fields));
  return { form, filter: terms.length === 0 ? undefined : filter, terms, columns: columnsOf(options, names) };
}

function checkFiles(files: readonly string[], { follow }: DecodeOptions): void {
  if (files.filter((file) => file === '-').length > 1) refuseArgument('', 'standard input once', '- -');
  if (follow && (files.length > 1 || files[0] === '-'))
    refuseOption('--follow', 'one file (standard input is read as it arrives)', files.join(' '));
}

function conflict(option: keyof DecodeOptions, others: readonly (keyof DecodeOptions)[]): never {
  refuseOption(flagOf(option), 'to stand alone', others.map(flagOf).join(' '));
}

function flagOf(key: string): string {
  return key.length === 1 ? `-${key}` : `--${key}`;
}

/** What is written: a form of captures, a folder of tables, JSON, or text. */
function formOf({ T, e, to, json, output }: DecodeOptions): Plan['form'] {
  if (T === 'fields' && e === undefined) refuseOption('-T', '-e with a key', 'nothing');
  if (T !== 'fields' && e !== undefined) refuseOption('-T', '-T fields with -e', T ?? 'nothing');
  if (to === 'parquet') {
    if (output === '-') refuseOption('--to', '-o with the name of a folder', 'parquet');
    return to;
  }
  const wanted = to ?? (json || T === 'json' ? 'json' : undefined);
  return outputForm(output, wanted, 'text') as Plan['form'];
}

function columnsOf({ e, separator }: DecodeOptions, names: Names): Columns | undefined {
  return e === undefined ? undefined : new Columns(e, names(), separatorNamed(separator));
}

/** The filter, and the times as further ones. */
function termsOf({ filter, fromTime, toTime }: DecodeOptions, names: Names): FilterTerm[] {
  return [
    ...(filter === undefined ? [] : parseTerms(filter, names())),
    ...(fromTime === undefined ? [] : timeTerms('>=', fromTime, '--from-time', names())),
    ...(toTime === undefined ? [] : timeTerms('<=', toTime, '--to-time', names())),
  ];
}

function timeTerms(operator: string, time: string, path: string, names: FilterNames): FilterTerm[] {
  try {
    return parseTerms(`time ${operator} ${JSON.stringify(time)}`, names);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    refuseArgument(path, String(error.expected), time);
  }
}
