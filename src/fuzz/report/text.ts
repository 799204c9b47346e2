import { printable } from '../../base/text.js';
import { programEndOf, programEndText } from '../findings/program-end.js';
import { findingName, showAgain } from '../findings/write.js';
import { causeTitle } from '../oracle/cause.js';
import { gridOf, mutationsByMessage, type Report, stepsPerSecond } from './report.js';

/** Each finding with the command line that shows it again, then totals. */
export function summaryText(report: Report): string {
  const { findings, origin, history, spent, silentMs, edges = 0 } = report;
  const lines = findings.flatMap(({ finding, count, seed }) => {
    const { number, cause, size, state } = finding;
    const times = count === 1 ? 'once' : `${count} times`;
    const end = programEndOf(cause, origin.target);
    return [
      `${String(number).padStart(3)}  ${printable(causeTitle(cause))}`,
      ...(end === undefined ? [] : [`     ${printable(programEndText(end))}`]),
      `     ${size} steps (${state}), found ${times}; ${findingName(finding)}`,
      `     ${showAgain(finding, { ...origin, seed })}`,
    ];
  });
  const end = history.at(-1);
  if (end !== undefined) lines.push(doneText(end, stepsPerSecond(end)));
  if (spent.elapsedMs > 0)
    lines.push(
      `${Math.round((100 * spent.refiningMs) / spent.elapsedMs)} % of the time beside it for confirming and minimising`,
    );
  if (silentMs !== undefined)
    lines.push(`${(silentMs / 1000).toFixed(1)} s at most between two updates on the terminal`);
  if (edges > 0) lines.push(`${edges} edges of its code`);
  return `${lines.join('\n')}\n`;
}

function doneText(
  { cases, steps, elapsedMs, pairs, findings }: NonNullable<Report['history'][number]>,
  rate: number,
): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  return `${cases} cases, ${steps} steps in ${seconds} s (${rate} a second), ${pairs} answers covered, ${findings} findings`;
}

/** Replies by message, error and state, and the mutations that were used. */
export function coverageText({ coverage }: Report): string {
  const pairs = [...coverage.pairs()];
  const grid = gridOf(pairs.map(({ message, error, count }) => [message, error, count]));
  const width = Math.max(0, ...grid.rows.map((row) => row.length));
  const answers = grid.rows.flatMap((row) => {
    const states = (error: string) =>
      pairs
        .filter((pair) => pair.message === row && pair.error === error)
        .map(({ state }) => state)
        .join(' ');
    return grid.columns
      .filter((column) => grid.count(row, column) > 0)
      .map((column) => {
        const count = String(grid.count(row, column)).padStart(10);
        return `${row.padEnd(width)}  ${column.padEnd(17)} ${count}  ${states(column)}`;
      });
  });
  const used = [...mutationsByMessage(coverage.fields())].map(
    ([message, { used, all }]) => `${message.padEnd(width)}  ${used} of ${all}`,
  );
  const title = (text: string) => [text, '-'.repeat(text.length)];
  return [
    ...title('Answers: message, error, count, states of the subject'),
    ...answers,
    '',
    ...title('Mutations that were used, by message'),
    ...used,
    '',
  ].join('\n');
}
