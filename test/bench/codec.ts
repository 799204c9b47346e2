/** `npm run bench`: the table of decode and encode times, and whether the codec keeps its limits. */
import { type Workload, workloads } from './cases.js';
import { checkEqual, checkStrict } from './check.js';
import { measure, median, quotient, report, type Samples } from './harness.js';
import { generated, handWritten, type Implementation, implementations, stock } from './implementations.js';

/** How many times the hand-written code's time the codec may take. */
const LIMITS = { decode: 1.15, encode: 1.3 };

type Direction = keyof typeof LIMITS;
type Rows = ReadonlyMap<Implementation, Samples[]>;

const out = new DataView(new ArrayBuffer(16 * 1024));

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function task(implementation: Implementation, work: Workload, direction: Direction) {
  const decode = () => implementation.decodeAll(work);
  const encode = () => implementation.encodeAll(work, out);
  return { count: work.kinds.length, run: direction === 'decode' ? decode : encode };
}

/** The samples of each row by workload. */
function measureAll(direction: Direction): Rows {
  const rows = new Map(implementations.map((row) => [row, [] as Samples[]]));
  for (const work of workloads) {
    const samples = measure(implementations.map((row) => task(row, work, direction)));
    for (const [index, row] of implementations.entries()) rows.get(row)?.push(samples[index] as Samples);
  }
  return rows;
}

function printTable(direction: Direction, rows: Rows): void {
  const reference = rows.get(handWritten) as Samples[];
  const cell = (samples: Samples, at: number) => {
    const ns = median(samples);
    const ratio = quotient(samples, reference[at] as Samples).toFixed(2);
    return `${ns.toFixed(ns < 1000 ? 1 : 0).padStart(10)} ${ratio.padStart(7)}x`;
  };
  const heads = workloads.map(({ name }) => name.padStart(19)).join('');
  print(`\n${`${direction}, ns per message`.padEnd(38)}${heads}`);
  for (const [row, samples] of rows) print(`${row.name.padEnd(38)}${samples.map(cell).join('')}`);
}

/** Prints one line per limit; whether all hold. */
function judge(direction: Direction, rows: Rows): boolean {
  const verdicts = workloads.flatMap((work, at) => {
    const samples = (row: Implementation) => rows.get(row)?.[at] as Samples;
    const ratio = quotient(samples(generated), samples(handWritten));
    const times = quotient(samples(stock), samples(generated));
    const what = `${direction} ${work.name}`;
    return [
      {
        holds: ratio <= LIMITS[direction],
        text: `${what}: ${ratio.toFixed(2)} x hand-written, limit ${LIMITS[direction]}`,
      },
      {
        holds: times >= work.timesStock,
        text: `${what}: ${times.toFixed(0)} x faster than restructure as it is, limit ${work.timesStock}`,
      },
    ];
  });
  report(
    ...workloads.map((work, at) => {
      const ratio = quotient(rows.get(generated)?.[at] as Samples, rows.get(handWritten)?.[at] as Samples);
      return {
        group: 'codec',
        name: `${direction} ${work.name}, ns`,
        ours: median(rows.get(generated)?.[at] as Samples),
        peer: 'hand-written',
        ratio,
        goal: `at most ${LIMITS[direction]} x`,
        ok: ratio <= LIMITS[direction],
      };
    }),
    ...workloads.map((work, at) => {
      const ratio = quotient(rows.get(stock)?.[at] as Samples, rows.get(generated)?.[at] as Samples);
      return {
        group: 'codec',
        name: `${direction} ${work.name}, ns`,
        ours: median(rows.get(generated)?.[at] as Samples),
        peer: 'restructure, times as fast',
        ratio,
        goal: `at least ${work.timesStock} x`,
        ok: ratio >= work.timesStock,
      };
    }),
  );
  for (const { holds, text } of verdicts) print(`${holds ? 'ok    ' : 'MISSED'} ${text}`);
  return verdicts.every(({ holds }) => holds);
}

checkEqual();
const decode = measureAll('decode');
const encode = measureAll('encode');
checkStrict();
printTable('decode', decode);
printTable('encode', encode);
print('');
const kept = [judge('decode', decode), judge('encode', encode)];
if (kept.includes(false)) process.exitCode = 1;
