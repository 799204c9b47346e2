import { CommanderError } from 'commander';
import type { Stdio } from '../node/stdio.js';
import { exitCodes } from './exit-codes.js';
import { addCommandOf, type HelpPage } from './help-page.js';
import { checkedWords, rootCommand } from './root.js';

/**
 * Prints the help that a command line asks for.
 *
 * @param pages of all commands. @returns the exit code; undefined if the command line asks for something else, or is wrong.
 */
export function printStoredHelp(
  pages: readonly HelpPage[],
  argv: readonly string[],
  stdio: Stdio,
): number | undefined {
  // What is wrong with the command line is said by the commands themselves.
  const program = rootCommand(stdio, () => {});
  for (const page of pages) addCommandOf(page, program, () => {});
  try {
    program.parse(checkedWords(program, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok;
    // Without a command the help is an error, and has been printed as one.
    if (error.code === 'commander.help') return exitCodes.usage;
  }
  return undefined;
}
