import { type Command, Option } from 'commander';
import { printable } from '../../base/text.js';
import { complete } from '../completion/complete.js';
import { completionScripts, type Shell } from '../completion/scripts.js';
import { shellWords } from '../completion/words.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { nameArgument, refuseArgument } from '../options.js';

interface CompletionOptions {
  readonly line?: string;
  readonly word?: string;
}

const help = `
Knows commands, options, messages, the keys and values of filters, the fields of "call", and files.

Examples:
  source <(gunyah-rm completion bash)                                        in ~/.bashrc
  source <(gunyah-rm completion zsh)                                         in ~/.zshrc, behind compinit
  gunyah-rm completion fish > ~/.config/fish/completions/gunyah-rm.fish      once`;

const shells = Object.keys(completionScripts) as Shell[];

/** @param treeOf the program with the commands that a command line needs. */
export function register(
  program: Command,
  io: CommandIo,
  treeOf: (words: readonly string[]) => Promise<Command>,
): void {
  program
    .command('completion')
    .description('print what a shell needs to complete the words of this program')
    .argument('[shell]', shells.join(', '), nameArgument('shell', shells))
    // The scripts ask with these.
    .addOption(new Option('--line <text>', 'the command line up to the cursor').hideHelp())
    .addOption(new Option('--word <text>', 'the part of it that the shell replaces').hideHelp())
    .addHelpText('after', notes(help))
    .action(async (shell: Shell | undefined, { line, word }: CompletionOptions) => {
      if (line !== undefined) io.print('-', await answer(io, line, word, treeOf));
      else if (shell !== undefined) io.print('-', completionScripts[shell]);
      else refuseArgument('shell', shells.join(', '), 'nothing');
    });
}

async function answer(
  io: CommandIo,
  line: string,
  word: string | undefined,
  treeOf: (words: readonly string[]) => Promise<Command>,
): Promise<string> {
  const [, ...words] = shellWords(line);
  // The name of the program itself is not complete.
  if (words.length === 0) return '';
  const { candidates, files } = complete(await treeOf(words.slice(0, -1)), io.protocol, words);
  const last = words.at(-1) as string;
  // Bash replaces only what stands behind a colon or an equals sign.
  const replaced = word?.replace(/^["']/, '') ?? '';
  const kept = word !== undefined && last.endsWith(replaced) ? last.length - replaced.length : 0;
  const lines = candidates.map(({ text, doc }) => `${text.slice(kept)}\t${doc}`);
  return [...lines, ...(files ? [':files'] : [])].map((text) => `${printableLine(text)}\n`).join('');
}

function printableLine(text: string): string {
  return text.split('\t').map(printable).join('\t');
}
