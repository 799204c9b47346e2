import { UsageError } from '../base/error.js';

/** The forms of outputs. `hex` is one queue message per line, `bin` the queue messages one after the other. */
export type OutputForm = 'text' | 'json' | 'pcapng' | 'hex' | 'bin' | 'html' | 'csv' | 'parquet';

/** Endings of names and the forms that they stand for. Any other name may have any form. */
const endings: Readonly<Record<string, OutputForm>> = {
  '.pcapng': 'pcapng',
  '.hex': 'hex',
  '.bin': 'bin',
  '.json': 'json',
  '.jsonl': 'json',
  '.ndjson': 'json',
  '.html': 'html',
  '.htm': 'html',
  '.csv': 'csv',
  '.parquet': 'parquet',
};
/** Forms that a command has only where its options say so. */
const askedFor: ReadonlySet<OutputForm | undefined> = new Set(['csv', 'parquet'] as const);
/** Endings of files that other programs make. */
const foreign = ['.pcap', '.cap', '.zip', '.zst', '.xz'];

/**
 * The form of an output: what the options say, else what the ending of its name stands for. The ending .gz, behind
 * another or alone, compresses any form.
 *
 * @param wanted by the options; undefined: they say nothing. @param usual if neither says anything.
 * @throws UsageError if they contradict each other.
 */
export function outputForm(
  path: string,
  wanted: OutputForm | undefined,
  usual: OutputForm,
  option = '--output',
): OutputForm {
  const ending = /\.\w+$/.exec(path.replace(/\.gz$/, ''))?.[0].toLowerCase() ?? '';
  const named = endings[ending];
  const form = wanted ?? (askedFor.has(named) ? usual : named) ?? usual;
  if (foreign.includes(ending) || (named !== undefined && named !== form)) {
    const expected = `a name for the form ${form}, such as ${path.replace(/\.gz$/, '').slice(0, -ending.length)}${endingOf(form)}`;
    throw new UsageError({ code: 'output', path: option, expected, actual: path });
  }
  return form;
}

function endingOf(form: OutputForm): string {
  return Object.keys(endings).find((ending) => endings[ending] === form) ?? '.txt';
}
