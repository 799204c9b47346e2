import { Command, CommanderError } from 'commander';
import { protocol } from '../../schemas/index.js';
import { UsageError, WireError } from '../base/error.js';
import { errorText } from '../base/sentence.js';
import { printable } from '../base/text.js';
import { FileError } from '../node/file-error.js';
import { FileConflict } from '../node/file-use.js';
import type { Stdio } from '../node/stdio.js';
import { terminalWidth } from '../node/terminal.js';
import { version } from '../node/version.js';
import * as call from './commands/call.js';
import * as capture from './commands/capture/index.js';
import * as decode from './commands/decode/index.js';
import * as describe from './commands/describe.js';
import * as diff from './commands/diff.js';
import * as encode from './commands/encode.js';
import * as exportCommand from './commands/export.js';
import * as fuzz from './commands/fuzz/index.js';
import * as golden from './commands/golden.js';
import * as inspect from './commands/inspect.js';
import * as listen from './commands/listen.js';
import * as relay from './commands/relay.js';
import * as replay from './commands/replay.js';
import * as serve from './commands/serve.js';
import * as simulate from './commands/simulate.js';
import { CommandIo, exitCodes } from './io.js';

/** Columns of the help if standard output is not a terminal. */
const helpWidth = 80;

const commands = [
  decode,
  encode,
  describe,
  diff,
  simulate,
  replay,
  serve,
  call,
  listen,
  relay,
  fuzz,
  golden,
  exportCommand,
  inspect,
  capture,
];

/**
 * Runs one command line, as the binary does and as tests do in their own process.
 *
 * @param argv the words behind the program's name. @returns the exit code.
 */
export async function run(argv: readonly string[], stdio: Stdio): Promise<number> {
  const io = new CommandIo(protocol, stdio);
  try {
    await programOf(io).parseAsync(argv, { from: 'user' });
    if (io.isInterrupted) return exitCodes.interrupted;
    // Problems in what nobody wants to read do not count.
    return io.isOutputClosed ? exitCodes.ok : io.exitCode;
  } catch (error) {
    return exitCodeOf(io, error) ?? reportDefect(argv, stdio, error);
  } finally {
    io.files.discard();
  }
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

function programOf(io: CommandIo): Command {
  const { stdio } = io;
  const program = new Command('gunyah-rm')
    .description("Decodes, encodes and explains the RPC of the Gunyah hypervisor's resource manager.")
    .version(version())
    .exitOverride()
    // Options behind a subcommand belong to it, even if its parent has options of the same name.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => stdio.write(Buffer.from(text)),
      getOutHelpWidth: () => terminalWidth(stdio) ?? helpWidth,
      outputError: (text) =>
        io.warn(
          text
            .replace(/^error: /, '')
            .trim()
            .replaceAll('\n', ' '),
        ),
    })
    .configureHelp({ showGlobalOptions: true })
    .hook('preAction', (_, command) => checkTexts(command));
  for (const command of commands) command.register(program, io);
  return program;
}

/** No option or argument may be empty. A shell makes such a word of a variable that is not set. */
function checkTexts(command: Command): void {
  // Wireshark gives an empty value for each option that its user left open.
  if (command.getOptionValue('extcap') === true) return;
  const options = command.options.map((option) => [
    option.long ?? '',
    command.getOptionValue(option.attributeName()),
  ]);
  const values = command.registeredArguments.map((argument, index) => [
    argument.name(),
    command.processedArgs[index],
  ]);
  for (const [path, value] of [...options, ...values])
    if ([value].flat().includes(''))
      throw new UsageError({ code: 'argument', path, expected: 'a name', actual: 'an empty text' });
}

/** Prints an error of input, usage or files. @returns its exit code; undefined for any other error. */
function exitCodeOf(io: CommandIo, error: unknown): number | undefined {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof FileConflict) {
    io.warn(error.message);
    return exitCodes.usage;
  }
  if (error instanceof UsageError) {
    io.warn(errorText(error));
    return exitCodes.usage;
  }
  if (error instanceof FileError) {
    io.warn(`${error.file}: ${error.message}`);
    return exitCodes.file;
  }
  if (error instanceof WireError) {
    io.warn(errorText(error));
    return exitCodes.problems;
  }
  return undefined;
}
