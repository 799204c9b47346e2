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
 * The words that Commander is to parse: for help of a command that there is not, that name alone. Commander would print
 * the help of the whole program.
 *
 * @param program with all commands that the words may name.
 */
export function checkedWords(program: Command, argv: readonly string[]): readonly string[] {
  const [name] = argv[0] === 'help' ? argv.slice(1) : argv;
  const isKnown = name === undefined || name.startsWith('-') || name === 'help';
  return isKnown || program.commands.some((command) => command.name() === name) ? argv : [name];
}
