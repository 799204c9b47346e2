import type { TableDatabase } from '../../src/node/duckdb.js';

/** All rows of a query that gives few. */
export async function allRows(database: TableDatabase, sql: string) {
  const { names, pieces } = await database.ask(sql);
  const rows: (readonly unknown[])[] = [];
  for await (const piece of pieces) rows.push(...piece);
  return { names, rows };
}
