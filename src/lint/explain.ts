import type { Rule } from './rule.js';
import { rules } from './rules/index.js';

/** All rules, a line each: id, level, why. */
export function ruleTable(): string {
  const width = Math.max(...rules.map(({ id }) => id.length));
  return rules.map(({ id, level, why }) => `${id.padEnd(width)}  ${level.padEnd(10)}  ${why}\n`).join('');
}

/** Name of the recording that shows a rule, in captures/lint. Clients share those of their hazards. */
export function exampleOf({ id, foundBy }: Rule): string {
  return foundBy === 'client' ? `client/${id.slice(id.indexOf('/') + 1)}.ndjson` : `${id}.ndjson`;
}

/** A rule for people. @param example the recording that shows it. */
export function explanation(
  { id, level, peers, why, instead, source, foundBy }: Rule,
  example: string | undefined,
): string {
  const lines = [
    `${id} (${level}), hits ${peers.join(', ')}`,
    '',
    `Why: ${why}.`,
    `Instead: ${instead}.`,
    `Source: ${source}.`,
    ...(foundBy === 'library'
      ? ['Traffic alone does not show it: the client of this library reports it.']
      : []),
    ...(example === undefined ? [] : ['', 'A recording that shows it:', '', example.trimEnd()]),
  ];
  return `${lines.join('\n')}\n`;
}

const INTRODUCTION = `# Rules of lint

What \`gunyah-rm lint\` finds in captures and recordings. A level is fatal (a manager or a kernel dies), corrupts (memory
is read or written that it should not be), leaks, hangs (somebody waits for ever) or suspicious.

This file is made from the rules; \`npx vitest run test/lint/rules.test.ts -u\` writes it anew.
`;

/** All rules as Markdown. */
export function rulesPage(): string {
  const rows = rules.map(
    ({ id, level, peers, why, instead, source }) =>
      `| \`${id}\` | ${level} | ${peers.join(', ')} | ${cell(why)} | ${cell(instead)} | ${cell(source)} |`,
  );
  const head = '| rule | level | hits | why | instead | source |\n| --- | --- | --- | --- | --- | --- |';
  return `${INTRODUCTION}\n${head}\n${rows.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
