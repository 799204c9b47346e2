import { UsageError, WireError } from '../base/error.js';
import { errorText } from '../base/sentence.js';
import { printable } from '../base/text.js';
import { FileError } from '../node/file-error.js';
import { FileConflict } from '../node/file-use.js';
import type { Stdio } from '../node/stdio.js';
import { version } from '../node/version.js';
import { exitCodes } from './exit-codes.js';

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
    const { runProgram } = await import('./program.js');
    return await runProgram(argv, stdio);
  } catch (error) {
    return exitCodeOf(stdio, error) ?? reportDefect(argv, stdio, error);
  }
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
  const command = ['gunyah-rm', ...argv].join(' ');
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
