import type { Command } from 'commander';
import { printable } from '../../base/text.js';
import { isTableFolder, type QueryResult, TableDatabase } from '../../node/duckdb.js';
import { TemporaryFolder } from '../../node/temporary-folder.js';
import { rmRules } from '../../rpc/index.js';
import { questions, tablesOf } from '../../tables/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { nameArgument, nameOption, refuseArgument, refuseOption } from '../options.js';
import { type OutputForm, outputForm } from '../output-form.js';
import { writeTables } from './decode/tables.js';

const formats = ['table', 'json', 'csv', 'parquet'] as const;

interface QueryOptions {
  readonly format: (typeof formats)[number];
  readonly output: string;
  readonly list?: true;
}

const examples = `
Views: messages, packets, calls (request and reply in one row) and one of each message, such as VM_STATUS, with its
fields as columns. Columns are the keys of decode --json. Each view has capture and day too. Captures are converted
first; what decode --to parquet wrote is read as it is.

Examples:
  gunyah-rm query --list                             the questions that have a name
  gunyah-rm query slowest boot.pcapng
  gunyah-rm query 'SELECT name, count(*) FROM messages GROUP BY ALL' boot.pcapng --format csv
  gunyah-rm decode boot.pcapng --to parquet -o tables
  gunyah-rm query errors tables`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('query')
    .description('ask captures in SQL, with DuckDB')
    .argument('[sql]', 'a query, or the name of a question')
    .argument('[file...]', 'captures, or folders of tables')
    .option('--format <format>', formats.join(', '), nameOption('--format', formats), 'table')
    .option('-o, --output <file>', 'where to write', '-')
    .option('--list', 'the questions that have a name')
    .addHelpText('after', notes(examples))
    .action((sql: string | undefined, files: string[], options: QueryOptions) =>
      query(io, sql, files, options),
    );
}

async function query(
  io: CommandIo,
  sql: string | undefined,
  files: readonly string[],
  options: QueryOptions,
): Promise<void> {
  const { format, output } = options;
  if (options.list) {
    const width = Math.max(...questions.map(({ name }) => name.length));
    io.printRows(output, questions.map(({ name, doc }) => `${name.padEnd(width)}  ${doc}\n`).join(''));
    return;
  }
  if (sql === undefined || files.length === 0)
    refuseArgument('', 'a query and a capture', sql === undefined ? 'nothing' : 'a query alone');
  if (format === 'parquet' && output === '-') refuseOption('--format', '-o with parquet', 'parquet');
  outputForm(output, formOf(format), 'text');
  const asked = sqlOf(sql);
  const temporary = new TemporaryFolder();
  try {
    const captures = files.filter((file) => !isTableFolder(file));
    for (const folder of files.filter(isTableFolder)) io.files.readsFolder(folder);
    const made = temporary.path('tables');
    if (captures.length > 0) await writeTables(io, captures, { output: made }, rmRules, undefined);
    const folders = [...files.filter(isTableFolder), ...(captures.length > 0 ? [made] : [])];
    if (io.isInterrupted) return;
    const database = await TableDatabase.open(folders, tablesOf(io.protocol));
    io.onInterrupt(() => database.interrupt());
    try {
      await answer(io, database, asked, options, temporary);
    } catch (error) {
      // What the engine says of a query that the user has ended is no news.
      if (!io.isInterrupted) throw error;
    } finally {
      database.close();
    }
  } finally {
    temporary.remove();
  }
}

function formOf(format: QueryOptions['format']): OutputForm {
  return format === 'table' ? 'text' : format;
}

/** The SQL of a question, or the text itself. No SQL query is a single word. */
function sqlOf(text: string): string {
  const sql = text.trim().replace(/;$/, '');
  if (sql === '' || sql === '-')
    refuseArgument('sql', 'SQL or the name of a question (query --list names them)', sql || 'nothing');
  if (!/^[\w-]*$/.test(sql)) return sql;
  const names = questions.map((question) => question.name);
  const name = nameArgument('question', names)(sql);
  return questions.find((question) => question.name === name)?.sql ?? sql;
}

async function answer(
  io: CommandIo,
  database: TableDatabase,
  sql: string,
  { format, output }: QueryOptions,
  temporary: TemporaryFolder,
): Promise<void> {
  if (format === 'csv' || format === 'parquet') {
    const copy = temporary.path(`answer.${format}`);
    await database.copy(sql, copy, format);
    const written = io.output(output, format);
    for (const piece of temporary.pieces(io.stdio, copy)) written.bytes(piece);
    io.end(written);
    return;
  }
  const result = await database.ask(sql);
  const written = io.output(output, formOf(format));
  for await (const text of format === 'json' ? jsonOf(result) : tableOf(result)) {
    written.write(text);
    if (io.isOutputClosed || io.isInterrupted) break;
  }
  io.end(written);
}

async function* jsonOf({ names, pieces }: QueryResult): AsyncGenerator<string> {
  let separator = '[';
  for await (const rows of pieces) {
    const lines = rows.map((row) =>
      printable(JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]])))),
    );
    if (lines.length === 0) continue;
    yield separator + lines.join(',\n ');
    separator = ',\n ';
  }
  yield separator === '[' ? '[]\n' : ']\n';
}

/** Widest column of a table: a longer cell is printed whole and moves those behind it, instead of widening all rows. */
const widthMax = 60;

/**
 * Columns of one width, numbers flush right. The first rows, some thousand, tell the widths: of a longer answer not all
 * rows are in memory.
 */
async function* tableOf({ names, isNumber, pieces }: QueryResult): AsyncGenerator<string> {
  let widths: readonly number[] | undefined;
  let count = 0;
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, at) => {
        const width = widths?.[at] as number;
        return isNumber[at] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd()}\n`;
  const begin = (texts: readonly (readonly string[])[]) => {
    widths = names.map((name, at) =>
      Math.min(
        widthMax,
        texts.reduce((width, row) => Math.max(width, (row[at] as string).length), name.length),
      ),
    );
    return line(names) + line(widths.map((width) => '-'.repeat(width)));
  };
  for await (const rows of pieces) {
    const texts = rows.map((row) => row.map(cellText));
    const head = widths === undefined ? begin(texts) : '';
    count += texts.length;
    yield head + texts.map(line).join('');
  }
  const head = widths === undefined ? begin([]) : '';
  yield `${head}${count} ${count === 1 ? 'row' : 'rows'}\n`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
