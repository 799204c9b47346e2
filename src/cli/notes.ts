import type { AddHelpTextContext, Command } from 'commander';

/** Longer lines are hard to read, however wide the terminal is. */
const widthMax = 120;
/** Columns by which the comment of an example, or the rest of a long command, stands further to the right. */
const hang = 4;

/**
 * What stands behind the help of a command: sentences, and lines that begin with two spaces, such as examples with
 * comments. Both are wrapped at the width of the terminal.
 */
export function notes(text: string): (context: AddHelpTextContext) => string {
  return ({ command }) => wrapNotes(text, command.configureOutput().getOutHelpWidth?.() ?? widthMax);
}

/** What the help of a command prints behind its options. @param columns as of {@link wrapNotes}. */
export function notesOf(command: Command, columns: number): string {
  const written: string[] = [];
  const before = { ...command.configureOutput() };
  command.configureOutput({ writeOut: (text) => written.push(text), getOutHelpWidth: () => columns });
  command.outputHelp();
  command.configureOutput(before);
  return written.slice(1).join('').replace(/\n$/, '');
}

/** @param columns of the terminal. Infinity leaves the lines as they are. */
export function wrapNotes(text: string, columns: number): string {
  if (columns === Number.POSITIVE_INFINITY) return text;
  const width = Math.min(columns, widthMax);
  const blocks: string[][] = [];
  let kind = '';
  for (const line of text.split('\n')) {
    const own = line === '' ? 'gap' : line.startsWith('  ') ? 'table' : 'sentences';
    if (own === kind && own !== 'gap') blocks.at(-1)?.push(line);
    else blocks.push([line]);
    kind = own;
  }
  return blocks.flatMap((block) => wrapBlock(block, width)).join('\n');
}

/** Lines whose last column is text, after two spaces or more: text that is too long goes on below itself. */
export function wrapRows(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const [, left = '', last = ''] = /^((?:.*\S)? {2,})(\S.*)$/.exec(line) ?? [];
      if (line.length <= columns || last === '') return [line];
      const inner = ' '.repeat(left.length <= columns / 2 ? left.length : hang);
      const [word = '', ...words] = last.split(' ');
      return wrapWords([left + word, ...words], '', inner, columns);
    })
    .join('\n');
}

function wrapBlock(lines: readonly string[], width: number): string[] {
  const [first = ''] = lines;
  if (!first.startsWith('  ')) return wrapWords(lines.join(' ').split(' '), '', '', width);
  if (lines.every((line) => line.length <= width)) return [...lines];
  return wrapTable(joined(lines), width);
}

/** Lines of a table in which a line that begins further to the right goes on with the comment before it. */
function joined(lines: readonly string[]): string[] {
  const rows: string[] = [];
  const { indent } = parts(lines[0] as string);
  for (const line of lines) {
    const isMore =
      parts(line).indent.length > indent.length + hang && parts(rows.at(-1) ?? '').comment !== '';
    if (isMore) rows.push(`${rows.pop()} ${line.trim()}`);
    else rows.push(line);
  }
  return rows;
}

function wrapTable(lines: readonly string[], width: number): string[] {
  const isApart = lines.some((line) => line.length > width && parts(line).comment !== '');
  return lines.flatMap((line) => {
    const { indent, left, comment } = parts(line);
    if (!isApart && line.length <= width) return [line];
    const command = wrapWords(wordsOf(left), indent, ' '.repeat(indent.length + hang), width, ' \\');
    const inner = ' '.repeat(indent.length + hang);
    return comment === '' ? command : [...command, ...wrapWords(comment.split(' '), inner, inner, width)];
  });
}

function parts(line: string): { indent: string; left: string; comment: string } {
  const [, indent = '', left = '', comment = ''] =
    /^( +)(.*\S) {2,}(\S.*)$/.exec(line) ?? /^( +)(.*)$/.exec(line) ?? [];
  return { indent, left, comment };
}

/** The words of a command. What is in quotes stays together. */
function wordsOf(text: string): readonly string[] {
  return text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+|\S+/g) ?? [];
}

/** @param end of each line but the last. */
function wrapWords(
  words: readonly string[],
  first: string,
  others: string,
  width: number,
  end = '',
): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length + end.length > width) {
      lines.push(line + end);
      line = others;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
