import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { TableDatabase } from '../../src/node/duckdb.js';
import { questions, tablesOf } from '../../src/tables/index.js';
import { gunyahRm } from '../cli/run.js';
import { expectEqual } from '../same.js';
import { Server } from '../serve/server.js';
import { allRows } from './all-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-tables-'));
const capture = join(folder, 'everything.pcapng');
const lifeCycle = join(import.meta.dirname, '../../captures/vm-lifecycle.pcapng');
const written = join(folder, 'tables');
const tables = tablesOf(protocol);
let database: TableDatabase;
let lines: Record<string, unknown>[];
let frames: Record<string, unknown>[];

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  const packed = readFileSync(join(import.meta.dirname, '../recorded/everything.pcapng.gz'));
  writeFileSync(capture, gunzipSync(packed));
  lines = linesOf((await gunyahRm(['decode', '--json', capture])).stdout);
  frames = linesOf((await gunyahRm(['decode', '--json', '--frames', capture])).stdout);
  const { stderr } = await gunyahRm(['decode', '--to', 'parquet', '-o', written, capture]);
  expect(stderr).toMatch(/^gunyah-rm: \d+ of \d+ messages are incomplete or not as declared: .*\n$/);
  database = await TableDatabase.open([written], tables);
});

afterAll(() => {
  database?.close();
  rmSync(folder, { recursive: true });
});

/** A value as DuckDB's text of it: the same for both sides. */
function plain(value: unknown, type: string): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'time') return String(value);
  if (type === 'json') return JSON.parse(String(value));
  if (type === 'u64') return BigInt(value as string).toString();
  return value;
}

/** The rows of a table, with times as nanoseconds. */
async function rowsOf(name: string, columns: readonly { name: string; type: string }[], order: string) {
  const list = columns.map((column) =>
    column.type === 'time' ? `epoch_ns("${column.name}")::VARCHAR` : `"${column.name}"`,
  );
  const { rows } = await allRows(database, `SELECT ${list.join(', ')} FROM "${name}" ORDER BY ${order}`);
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name: key, type }, at) => [key, plain(row[at], type)])),
  );
}

const nanoseconds = (text: unknown) => {
  if (text === undefined) return null;
  const [, seconds = '', decimals = ''] = /^(.*)\.(\d{9})Z$/.exec(String(text)) ?? [];
  return String(BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(decimals));
};

function expected(line: Record<string, unknown>, { name, type }: { name: string; type: string }): unknown {
  const value = line[name];
  if (type === 'time') return nanoseconds(value);
  if (value === undefined || value === null) return null;
  if (type === 'u64') return BigInt(value as string).toString();
  if (type === 'text' && typeof value !== 'string')
    return typeof value === 'number' ? String(value) : JSON.stringify(value);
  return value;
}

describe('decode --to parquet, read by DuckDB', () => {
  it('has the messages of decode --json, each key a column', async () => {
    const { columns } = tables.messages;
    const rows = await rowsOf('messages', columns, 'no');
    expect(rows).toHaveLength(lines.length);
    expectEqual(
      rows,
      lines.map((line) => Object.fromEntries(columns.map((column) => [column.name, expected(line, column)]))),
    );
  });

  it('has the packets of decode --frames --json', async () => {
    const { columns } = tables.packets;
    const rows = await rowsOf('packets', columns, 'frame');
    expectEqual(
      rows,
      frames.map((line) =>
        Object.fromEntries(columns.map((column) => [column.name, expected(line, column)])),
      ),
    );
  });

  const beside = new Set(['no', 'time', 'from', 'to', 'type', 'seq', 'error', 'request']);

  it('has the fields of each message in a table of its own', async () => {
    const linesByName = new Map<unknown, typeof lines>();
    for (const line of lines.filter(({ payload }) => payload !== undefined)) {
      const own = linesByName.get(line.name);
      if (own === undefined) linesByName.set(line.name, [line]);
      else own.push(line);
    }
    let compared = 0;
    for (const [name, { columns }] of tables.payloads) {
      const rows = await rowsOf(name, columns, 'no');
      const cells = columns.map(({ name: key, type }) => ({
        key,
        isBeside: beside.has(key),
        field: { name: key.replace(/^payload_/, ''), type },
      }));
      const wanted = (linesByName.get(name) ?? []).map((line) =>
        Object.fromEntries(
          cells.map(({ key, isBeside, field }) => [
            key,
            expected(isBeside ? line : (line.payload as Record<string, unknown>), field),
          ]),
        ),
      );
      expect(rows.length, name).toBe(wanted.length);
      expectEqual(rows, wanted);
      compared += rows.length;
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it('has a call for each request', async () => {
    const requests = lines.filter(
      ({ type, incomplete, duplicate_of }) => type === 'request' && !incomplete && duplicate_of === undefined,
    );
    const answered = lines.filter(({ type, request }) => type === 'reply' && request !== undefined);
    const { rows } = await allRows(
      database,
      'SELECT count(*), count(reply), count(latency_ns), sum(latency_ns)::BIGINT FROM calls',
    );
    const latencies = answered.flatMap(({ latency_ns }) =>
      latency_ns === undefined ? [] : [latency_ns as number],
    );
    const sum = latencies.reduce((all, latency) => all + latency, 0);
    expect(rows[0]).toEqual([requests.length, answered.length, latencies.length, sum]);
  });

  it('answers every question that has a name', async () => {
    for (const { name, sql } of questions) {
      const { names } = await allRows(database, sql);
      expect(names.length, name).toBeGreaterThan(1);
    }
  });
});

describe('query', () => {
  const query = (...words: string[]) => gunyahRm(['query', ...words]);

  it('asks captures and folders of tables, in four forms', async () => {
    const sql = 'SELECT count(*) AS n FROM messages';
    expect((await query(sql, capture)).stdout).toContain(`${lines.length}\n1 row\n`);
    expect(JSON.parse((await query(sql, written, '--format', 'json')).stdout)).toEqual([{ n: lines.length }]);
    expect((await query(sql, written, '--format', 'csv')).stdout).toBe(`n\n${lines.length}\n`);
    const copy = join(folder, 'answer.parquet');
    expect((await query(sql, written, '--format', 'parquet', '-o', copy)).code).toBe(0);
    expect(readFileSync(copy).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('says what the engine refuses', async () => {
    const { code, stderr } = await query('SELECT * FROM VM_STATU', written);
    expect(code).toBe(2);
    expect(stderr).toMatch(/DuckDB refuses the query: .*VM_STATU.* Did you mean "VM_STATUS/);
  });

  it('keeps captures of one name apart', async () => {
    const { stdout } = await query(
      'SELECT capture, count(*) AS n FROM messages GROUP BY ALL ORDER BY 1',
      lifeCycle,
      lifeCycle,
      '--format',
      'csv',
    );
    expect(stdout).toBe('capture,n\nvm-lifecycle.pcapng,58\nvm-lifecycle.pcapng-2,58\n');
  });

  it('asks a folder whose name is a pattern, and one without messages', async () => {
    const empty = join(folder, '[none]*');
    const filter = ['--filter', 'name == "MEM_LEND" and name == "MEM_SHARE"'];
    expect((await gunyahRm(['decode', '--to', 'parquet', '-o', empty, ...filter, lifeCycle])).code).toBe(0);
    expect((await query('SELECT count(*) AS n FROM messages', empty, '--format', 'csv')).stdout).toBe(
      'n\n0\n',
    );
    expect((await gunyahRm(['decode', '--to', 'parquet', '-o', empty, lifeCycle])).code).toBe(0);
    expect((await query('SELECT count(*) AS n FROM messages', empty, '--format', 'csv')).stdout).toBe(
      'n\n58\n',
    );
  });

  it('asks nothing of an earlier conversion of the same capture', async () => {
    const again = join(folder, 'again');
    await gunyahRm(['decode', '--to', 'parquet', '-o', again, lifeCycle]);
    const day = join(again, 'messages/capture=vm-lifecycle.pcapng/day=2000-01-01');
    mkdirSync(day);
    writeFileSync(join(day, 'part-0.parquet'), 'an old part');
    writeFileSync(join(day, 'notes.txt'), 'of the user');
    await gunyahRm(['decode', '--to', 'parquet', '-o', again, lifeCycle]);
    expect(readdirSync(day)).toEqual(['notes.txt']);
    expect((await query('SELECT count(*) AS n FROM messages', again, '--format', 'csv')).stdout).toBe(
      'n\n58\n',
    );
  });

  it('takes comments, columns of one name and the wrong name of a question', async () => {
    expect((await query('SELECT 1 AS n -- one', written, '--format', 'csv')).stdout).toBe('n\n1\n');
    const twice = await query('SELECT 1 AS n, 2 AS n', written, '--format', 'json');
    expect(Object.values(JSON.parse(twice.stdout)[0])).toEqual([1, 2]);
    expect(await query('slwest', written)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean slowest?'),
    });
  });

  it('says which file in a folder of tables is damaged', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(join(damaged, 'messages'), { recursive: true });
    writeFileSync(join(damaged, 'messages/part-0.parquet'), 'not a table');
    const { code, stderr } = await query('SELECT 1 AS n', damaged);
    expect(code).toBe(2);
    expect(stderr).toContain('messages/part-0.parquet');
  });

  it('prints one long cell without widening the other rows', async () => {
    const { stdout } = await query("SELECT unnest([repeat('x', 1000), 'y']) AS a, 7 AS b", written);
    const [names, dashes, long, short] = stdout.split('\n');
    expect(names).toHaveLength(63);
    expect(dashes).toBe(`${'-'.repeat(60)}  -`);
    expect(long).toBe(`${'x'.repeat(1000)}  7`);
    expect(short).toBe(`${'y'.padEnd(60)}  7`);
  });

  it('prints answers of any length, and no row', async () => {
    const sql = 'SELECT n FROM range(10000) AS t(n)';
    const { stdout } = await query(sql, written, '--format', 'json');
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 10_000 }, (_, n) => ({ n })));
    expect((await query(sql, written)).stdout).toMatch(/^ *n\n-+\n *0\n *1\n(?:.|\n)* *9999\n10000 rows\n$/);
    expect((await query(`${sql} WHERE n < 0`, written, '--format', 'json')).stdout).toBe('[]\n');
    expect((await query(`${sql} WHERE n < 0`, written)).stdout).toBe('n\n-\n0 rows\n');
  });

  it('says that nothing was asked', async () => {
    for (const sql of ['-', ' ', ';']) {
      const { code, stderr } = await query(sql, written);
      expect(code).toBe(2);
      expect(stderr).toContain('SQL or the name of a question');
    }
  });

  it('overwrites nothing that it reads', async () => {
    const before = readFileSync(capture);
    const elsewhere = join(folder, 'elsewhere.db');
    for (const sql of [
      `COPY (SELECT 1) TO '${capture}'`,
      `SELECT 1; COPY (SELECT 1) TO '${capture}'`,
      `ATTACH '${elsewhere}'`,
      `SET profiling_output = '${capture}'`,
    ]) {
      const { code, stderr } = await query(sql, written);
      expect([sql, code]).toEqual([sql, 2]);
      expect(stderr).toContain('sql: expected a query that writes no file, since -o does that');
    }
    const leaving = `SELECT 1) TO '${capture}'; COPY (SELECT 1`;
    expect((await query(leaving, written, '--format', 'csv')).code).toBe(2);
    expect(readFileSync(capture).equals(before)).toBe(true);
    expect(existsSync(elsewhere)).toBe(false);
    const names = readdirSync(written, { recursive: true }).map((name) => join(written, String(name)));
    const part = names.find((name) => name.endsWith('.parquet')) as string;
    const { code, stderr } = await query('SELECT 1', written, '--format', 'parquet', '-o', part);
    expect([code, stderr]).toEqual([2, expect.stringContaining('another file than what is read')]);
    expect((await query('PIVOT messages ON type USING count(*)', written)).code).toBe(0);
  });

  it('ends when the user interrupts it', async () => {
    const sql = 'SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b, range(1000000) AS c';
    const running = Server.command(['query', sql, written]);
    // More than once: the first may come before the query has begun.
    const timer = setInterval(() => void running.stop('SIGINT'), 200);
    const ended = await running.ended.finally(() => clearInterval(timer));
    expect(ended).toMatchObject({ code: 130, stderr: '' });
  });

  it('lists its questions', async () => {
    expect((await query('--list')).stdout).toMatch(/^slowest +the twenty calls/);
  });
});
