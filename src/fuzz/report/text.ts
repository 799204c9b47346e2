import { findingName, reproduceCommand } from '../findings/write.js';
import { causeTitle } from '../oracle/cause.js';
import { classesByMessage, gridOf, type Report, stepsPerSecond } from './report.js';

/** What was found, one line per cause with the line that brings it about again, then what was done. */
export function summaryText(report: Report): string {
  const { findings, origin, history } = report;
  const lines = findings.flatMap(({ finding, count }) => {
    const { number, cause, size, state, caseNumber } = finding;
    const times = count === 1 ? 'once' : `${count} times`;
    return [
      `${String(number).padStart(3)}  ${causeTitle(cause)}`,
      `     ${size} steps (${state}), met ${times}; ${findingName(finding)}`,
      `     ${reproduceCommand(origin, caseNumber)}`,
    ];
  });
  const end = history.at(-1);
  if (end !== undefined) lines.push(doneText(end, stepsPerSecond(end)));
  return `${lines.join('\n')}\n`;
}

function doneText(
  { cases, steps, elapsedMs, pairs, findings }: NonNullable<Report['history'][number]>,
  rate: number,
): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  return `${cases} cases, ${steps} steps in ${seconds} s (${rate} a second), ${pairs} answers covered, ${findings} findings`;
}

/** What was reached: message × error × state, and the classes of values that were tried. */
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
  const classes = [...classesByMessage(coverage.fields())].map(
    ([message, { tried, all }]) => `${message.padEnd(width)}  ${tried} of ${all}`,
  );
  const title = (text: string) => [text, '-'.repeat(text.length)];
  return [
    ...title('Answers: message, error, how often, states of the VM that it was about'),
    ...answers,
    '',
    ...title('Classes of values that were tried, by message'),
    ...classes,
    '',
  ].join('\n');
}
