import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunyahRm } from '../cli/run.js';

export interface ShellResult {
  readonly code: number;
  /** Standard output and standard error of all lines. */
  readonly printed: string;
}

const PROGRAMS = ['gunyah-rm ', 'npx tsx src/cli/main.ts '];
/** Of the reader's terminal. */
const COLUMNS = 120;
/** What has been done when a test runs. */
const DONE = /^(npm ci|npm test|alias gunyah-rm=.*)$/;

/**
 * Runs lines of a shell in this process and its working directory, as far as pages need them: `gunyah-rm`, `echo` and
 * `cat` in pipes, quotes, `*` in a file's name, `> FILE`, comments, and lines that go on.
 *
 * @throws Error for anything else.
 */
export async function runLines(text: string): Promise<ShellResult> {
  let printed = '';
  let code = 0;
  for (const line of text.replace(/\\\n\s*/g, '').split('\n')) {
    for (const command of line.replace(/(^|\s+)#.*/, '').split(' && ')) {
      if (command === '' || DONE.test(command)) continue;
      if (code !== 0) throw new Error(`a command before this one failed: ${line}\n${printed}`);
      const result = await runPipe(command);
      printed += result.printed;
      code = result.code;
    }
  }
  return { code, printed };
}

async function runPipe(line: string): Promise<ShellResult> {
  let input: Buffer = Buffer.alloc(0);
  let errors = '';
  let code = 0;
  const [, pipe = line, target] = /^(.*) > (\S+)$/.exec(line) ?? [];
  const commands = pipe.split(' | ');
  for (const [index, command] of commands.entries()) {
    const program = PROGRAMS.find((name) => command.startsWith(name));
    if (program === undefined) {
      input = runOther(words(command));
      continue;
    }
    const isShown = target === undefined && index === commands.length - 1;
    const run = await gunyahRm(words(command.slice(program.length)), {
      input,
      ...(isShown ? { columns: COLUMNS, env: { NO_COLOR: '1' } } : {}),
    });
    input = run.bytes;
    errors += run.stderr;
    code = run.code ?? code;
  }
  if (target === undefined) return { code, printed: `${input}${errors}` };
  writeFileSync(target, input);
  return { code, printed: errors };
}

function runOther([name, ...rest]: readonly string[]): Buffer {
  if (name === 'echo') return Buffer.from(`${rest.join(' ')}\n`);
  if (name === 'cat') return Buffer.concat(rest.map((file) => readFileSync(file)));
  throw new Error(`the pages' shell has no ${name}: mark the block`);
}

function words(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].flatMap(([word]) => {
    const plain = word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double);
    return /['"]/.test(word) || !word.includes('*') ? [plain] : matches(word);
  });
}

function matches(pattern: string): string[] {
  const name = new RegExp(`^${pattern.slice(dirname(pattern).length + 1).replaceAll('*', '.*')}$`);
  const found = readdirSync(dirname(pattern)).filter((file) => name.test(file));
  if (found.length === 0) throw new Error(`no file ${pattern}`);
  return found.sort().map((file) => join(dirname(pattern), file));
}
