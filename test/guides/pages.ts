import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface Block {
  /** The language behind the opening fence. */
  readonly language: string;
  readonly text: string;
  /** Exit code of its last command. */
  readonly exitCode: number;
  /** Name of the file that a reader saves it as. */
  readonly file: string | undefined;
  /** Why it runs in the second stage only. */
  readonly tools: string | undefined;
  /** Why no test runs it. */
  readonly notRun: string | undefined;
}

export interface Page {
  /** Path in the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const FENCE = /(?:^<!-- (.*) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;

/**
 * A comment in front of a block is for the tests; readers do not see it. Its parts are separated by `; `:
 * `exit 1`, `file NAME`, `tools: REASON`, `not run: REASON`.
 */
function blockOf([, comment = '', language, text]: RegExpExecArray): Block {
  const parts = comment === '' ? [] : comment.split('; ');
  const known = /^(exit \d|file [\w.-]+|tools: .+|not run: .+)$/;
  for (const part of parts) if (!known.test(part)) throw new Error(`unknown mark of a block: ${part}`);
  const value = (key: string) => parts.find((part) => part.startsWith(key))?.slice(key.length);
  return {
    language: language as string,
    text: text as string,
    exitCode: Number(value('exit ') ?? 0),
    file: value('file '),
    tools: value('tools: '),
    notRun: value('not run: '),
  };
}

function pageOf(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, blocks: [...text.matchAll(FENCE)].map(blockOf) };
}

const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));

/** README and the guides, whose blocks are run. */
export const pages: readonly Page[] = ['README.md', ...guides.map((name) => `docs/${name}`)].map(pageOf);

/**
 * Each line that a page shows must be in a line that was printed, in this order. `...` shows that lines are left out.
 *
 * @returns the first line that is missing.
 */
export function missingLine(shown: string, printed: string): string | undefined {
  const lines = printed.split('\n');
  let next = 0;
  for (const line of shown.split('\n')) {
    if (line === '' || line === '...') continue;
    const at = lines.findIndex((each, index) => index >= next && each.includes(line));
    if (at < 0) return line;
    next = at + 1;
  }
  return undefined;
}
