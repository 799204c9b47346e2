import { UsageError, WireError } from '../base/error.js';
import { errorText } from '../base/sentence.js';
import { printable, shortened } from '../base/text.js';
import { FileError } from '../node/file-error.js';
import { FileConflict } from '../node/file-use.js';
import { fileBeside } from '../node/folder.js';
import type { Stdio } from '../node/stdio.js';
import { version } from '../node/version.js';
import { exitCodes } from './exit-codes.js';

/** The pages of all commands, which the build writes beside the program ({@link HelpPage}). */
const HELP_FILE = 'help.json';

/**
 * Runs one command line, as the binary does and as tests do in their own process.
 *
 * @param argv the words behind the program's name. @returns the exit code.
 */
export async function run(argv: readonly string[], stdio: Stdio): Promise<number> {
  try {
    if (asksForVersion(argv)) {
      stdio.write(Buffer.from(`${version()}\n`));
      return exitCodes.ok;
    }
    const help = mayAskForHelp(argv) ? await storedHelp(argv, stdio) : undefined;
    if (help !== undefined) return help;
    const { runProgram } = await import('./program.js');
    return await runProgram(argv, stdio);
  } catch (error) {
    return exitCodeOf(stdio, error) ?? reportDefect(argv, stdio, error);
  }
}

/** For help no command is loaded, if the build has stored the pages of all. Undefined: this is for the commands. */
async function storedHelp(argv: readonly string[], stdio: Stdio): Promise<number | undefined> {
  const pages = fileBeside(import.meta.url, HELP_FILE);
  if (pages === undefined) return undefined;
  const { printStoredHelp } = await import('./stored-help.js');
  return printStoredHelp(JSON.parse(pages), argv, stdio);
}

function mayAskForHelp(argv: readonly string[]): boolean {
  // The words may also be values of options.
  return argv.length === 0 || argv[0] === 'help' || argv.includes('--help') || argv.includes('-h');
}

/** Scripts ask for the version often. For this no command, no schema and no parser of options is loaded. */
function asksForVersion(argv: readonly string[]): boolean {
  return argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');
}

/**
 * Says on one line that this program has a defect, and how to report it. With the variable GUNYAH_RM_DEBUG the stack
 * follows.
 *
 * @returns the exit code.
 */
export function reportDefect(argv: readonly string[], stdio: Stdio, error: unknown): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const command = ['gunyah-rm', ...argv.map((word) => shortened(word))].join(' ');
  const text = [
    `gunyah-rm has a defect: ${name}: ${message}.`,
    `Please report it in the issues of its repository: version ${version()}, command: ${command}`,
  ].join(' ');
  stdio.writeError(`${printable(text)}\n`);
  if (stdio.env.GUNYAH_RM_DEBUG) stdio.writeError(`${stack}\n`);
  return exitCodes.defect;
}

/** Prints an error of input, usage or files. @returns its exit code; undefined for any other error. */
function exitCodeOf(stdio: Stdio, error: unknown): number | undefined {
  const end = (code: number, text: string) => {
    stdio.writeError(`gunyah-rm: ${printable(text)}\n`);
    return code;
  };
  if (error instanceof FileConflict) return end(exitCodes.usage, error.message);
  if (error instanceof UsageError) return end(exitCodes.usage, errorText(error));
  if (error instanceof FileError) return end(exitCodes.file, `${error.file}: ${error.message}`);
  if (error instanceof WireError) return end(exitCodes.problems, errorText(error));
  return undefined;
}
