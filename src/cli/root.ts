import { Command } from 'commander';
import { shortened } from '../base/text.js';
import type { Stdio } from '../node/stdio.js';
import { terminalWidth } from '../node/terminal.js';
import { version } from '../node/version.js';

/** Columns of the help if standard output is not a terminal. */
const helpWidth = 80;
/** Columns that are enough for the second column of a list: with the longest command, 80 columns leave 38 for it. */
const wrapWidth = 30;

/** The program without its commands. @param warn prints a line on standard error. */
export function rootCommand(stdio: Stdio, warn: (text: string) => void): Command {
  return (
    new Command('gunyah-rm')
      .description("Decodes, encodes and explains the RPC of the Gunyah hypervisor's resource manager.")
      .version(version())
      .option('-q, --quiet', 'nothing but errors on standard error')
      .exitOverride()
      // Options behind a subcommand belong to it, even if its parent has options of the same name.
      .enablePositionalOptions()
      .configureOutput({
        writeOut: (text) => stdio.write(Buffer.from(text)),
        writeErr: (text) => stdio.writeError(text),
        getOutHelpWidth: () => terminalWidth(stdio) ?? helpWidth,
        getErrHelpWidth: () => terminalWidth(stdio) ?? helpWidth,
        outputError: (text) =>
          warn(
            shortened(
              text
                .replace(/^error: /, '')
                .trim()
                .replaceAll('\n', ' '),
            ),
          ),
      })
      .configureHelp({ showGlobalOptions: true, minWidthToWrap: wrapWidth })
  );
}

/**
 * The words that Commander is to parse. Its own `help` knows commands of the program alone, and not those of a group. For
 * help of a command that there is not, it would print the help of the program or group that the name is missing in.
 *
 * @param program with all commands that the words may name.
 */
export function checkedWords(program: Command, argv: readonly string[]): readonly string[] {
  const [name, ...rest] = argv;
  if (program.commands.length === 0 || name === undefined || name.startsWith('-')) return argv;
  if (name === 'help') return checkedWords(program, [...rest, '--help']);
  const command = program.commands.find((known) => known.name() === name);
  return [name, ...(command === undefined ? [] : checkedWords(command, rest))];
}
