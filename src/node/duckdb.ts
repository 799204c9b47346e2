import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { UsageError } from '../base/error.js';
import type { ColumnType, Table, Tables } from '../tables/index.js';

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  boolean: 'BOOLEAN',
  u32: 'UINTEGER',
  s64: 'BIGINT',
  u64: 'UBIGINT',
  time: 'TIMESTAMP_NS',
  text: 'VARCHAR',
  json: 'JSON',
};

const numberTypes = /^(?:U?(?:TINYINT|SMALLINT|INTEGER)|BIGINT|HUGEINT|DOUBLE|FLOAT)$/;

type Rows = readonly (readonly unknown[])[];

/** The rows that an SQL query gives, as far as they are asked for. Integers beyond 2^53, times and lists are text. */
export interface QueryResult {
  readonly names: readonly string[];
  /** Which columns hold numbers alone. */
  readonly isNumber: readonly boolean[];
  /** Some thousand rows at a time. @throws UsageError with the words of the engine where a row cannot be made. */
  readonly pieces: AsyncIterable<Rows>;
}

/** DuckDB in memory, with views of the tables in folders that `decode --to parquet` wrote. */
export class TableDatabase {
  readonly #connection: DuckDBConnection;
  readonly #folders: readonly string[];
  /** Tables without a view yet, by names in lower case: SQL has no other difference between names. */
  readonly #tables: Map<string, Table<never>>;
  readonly #names: ReadonlySet<string>;

  /** Kinds of statements that write no file. PIVOT makes a type first. */
  readonly #harmless: ReadonlySet<number>;

  private constructor(
    connection: DuckDBConnection,
    { StatementType }: DuckDb,
    folders: readonly string[],
    tables: Tables,
  ) {
    const { SELECT, EXPLAIN, CREATE, DROP, INSERT, UPDATE, DELETE } = StatementType;
    this.#harmless = new Set([SELECT, EXPLAIN, CREATE, DROP, INSERT, UPDATE, DELETE]);
    const { messages, packets, calls, payloads } = tables;
    const all = [messages, packets, calls, ...payloads.values()] as readonly Table<never>[];
    this.#connection = connection;
    this.#folders = folders;
    this.#tables = new Map(all.map((table) => [table.name.toLowerCase(), table]));
    this.#names = new Set(this.#tables.keys());
  }

  /** @throws UsageError if the package is not installed. */
  static async open(folders: readonly string[], tables: Tables): Promise<TableDatabase> {
    const duckdb = await installed();
    const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
    return new TableDatabase(connection, duckdb, folders, tables);
  }

  /**
   * Makes the views that a query names: making one opens its files, and there are eighty. All, if the query names something
   * else too, or nothing.
   */
  async #makeViews(sql: string): Promise<void> {
    const named = this.#namesIn(sql);
    const isKnown = named.length > 0 && named.every((name) => this.#names.has(name));
    for (const [name, table] of this.#tables) {
      if (isKnown && !named.includes(name)) continue;
      await attempt(() => this.#connection.run(viewOf(table, this.#folders)));
      this.#tables.delete(name);
    }
  }

  /** Names of tables in SQL, in lower case. None in SQL that the engine will refuse. */
  #namesIn(sql: string): string[] {
    try {
      return this.#connection.getTableNames(sql, false).map((name) => name.toLowerCase());
    } catch {
      return [];
    }
  }

  /** @throws UsageError for SQL that writes files, and with the words of the engine for SQL that it refuses. */
  async ask(sql: string): Promise<QueryResult> {
    await this.#makeViews(sql);
    const result = await attempt(async () => (await this.#lastOf(sql)).stream());
    const types = result.columnTypes().map(String);
    const isNumber = types.map((type) => numberTypes.test(type));
    const pieces = async function* (): AsyncGenerator<Rows> {
      const source = result.yieldRowsJson();
      for (;;) {
        const { value, done } = await attempt(() => source.next());
        if (done) return;
        yield value.map((row) =>
          row.map((cell, column) => (types[column] === 'UBIGINT' ? cell : numberOf(cell, types[column]))),
        );
      }
    };
    return { names: result.deduplicatedColumnNames(), isNumber, pieces: pieces() };
  }

  /** Ends the query that runs: who waits for it gets an error. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  /** Writes what a query gives to a file. @throws UsageError as {@link ask} */
  async copy(sql: string, path: string, form: 'csv' | 'parquet'): Promise<void> {
    await this.#makeViews(sql);
    const options = form === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet';
    await attempt(() => this.#lastOf(sql));
    await attempt(() => this.#connection.run(`COPY (${sql}\n) TO ${quoted(path)} (${options})`));
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** The last statement, after those before it. Text that leaves the query is no statement by itself. */
  async #lastOf(sql: string): Promise<DuckDBPreparedStatement> {
    const statements = await this.#connection.extractStatements(sql);
    for (let index = 0; ; index++) {
      const statement = await statements.prepare(index);
      if (!this.#harmless.has(statement.statementType))
        throw new UsageError({
          code: 'argument',
          path: 'sql',
          expected: 'a query that writes no file, since -o does that',
          actual: sql,
        });
      if (index >= statements.count - 1) return statement;
      await statement.run();
    }
  }
}

type DuckDb = typeof import('@duckdb/node-api');

async function installed(): Promise<DuckDb> {
  try {
    return await import('@duckdb/node-api');
  } catch {
    const expected = 'the package @duckdb/node-api (npm install @duckdb/node-api)';
    throw new UsageError({ code: 'package', path: 'query', expected, actual: 'not installed' });
  }
}

/** A view of the table's files; of its columns without rows where there is no file. */
function viewOf({ name, columns }: Table<never>, folders: readonly string[]): string {
  const globs = folders
    .filter((folder) => hasFiles(join(folder, name)))
    .map((folder) => join(plainGlob(folder), name, '**', '*.parquet'));
  const view = `CREATE VIEW ${identifier(name)} AS SELECT`;
  if (globs.length === 0) {
    const nothing = [
      ...columns.map((column) => [column.name, sqlTypes[column.type]]),
      ['capture', 'VARCHAR'],
      ['day', 'VARCHAR'],
    ];
    return `${view} ${nothing.map(([column, type]) => `NULL::${type} AS ${identifier(column as string)}`).join(', ')} WHERE false`;
  }
  const types = "hive_types = {'capture': VARCHAR, 'day': VARCHAR}";
  return `${view} * FROM read_parquet([${globs.map(quoted).join(', ')}], hive_partitioning = true, union_by_name = true, ${types})`;
}

function hasFiles(folder: string): boolean {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.parquet'))
  );
}

/** Whether a path is a folder of tables. */
export function isTableFolder(path: string): boolean {
  return existsSync(join(path, 'messages'));
}

function numberOf(value: unknown, type = ''): unknown {
  const isInteger = typeof value === 'string' && /INT/.test(type) && /^-?\d+$/.test(value);
  return isInteger && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** A glob that only this path matches. */
function plainGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function attempt<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const lines = (error as Error).message.split('\n');
    const actual = lines.filter((line, index) => index === 0 || line.startsWith('Did you mean')).join(' ');
    throw new UsageError({ code: 'sql', path: '', expected: 'SQL that DuckDB takes', actual });
  }
}
