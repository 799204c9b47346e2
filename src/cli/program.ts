import { type Command, CommanderError, Option } from 'commander';
import { protocol } from '../../schemas/index.js';
import { UsageError } from '../base/error.js';
import type { Stdio } from '../node/stdio.js';
import { version } from '../node/version.js';
import { loadCommands } from './commands/index.js';
import { exitCodes } from './exit-codes.js';
import { CommandIo } from './io.js';
import { checkedWords, rootCommand } from './root.js';

/** Parses a command line and runs its command. @returns the exit code. @throws UsageError, WireError, FileError */
export async function runProgram(argv: readonly string[], stdio: Stdio): Promise<number> {
  const io = new CommandIo(protocol, stdio);
  try {
    const program = await programOf(io, argv);
    await program.parseAsync(checkedWords(program, argv), { from: 'user' });
    if (io.isInterrupted) return exitCodes.interrupted;
    // Problems in what nobody wants to read do not count.
    return io.isOutputClosed ? exitCodes.ok : io.exitCode;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw error;
  } finally {
    io.files.discard();
  }
}

/** The commands that a command line needs; all without one. */
export async function programOf(io: CommandIo, argv: readonly string[]): Promise<Command> {
  const { stdio } = io;
  const program = rootCommand(stdio, (text) => io.warn(text)).hook('preAction', (_, command) => {
    if (command.optsWithGlobals().quiet) io.beQuiet();
    checkTexts(command);
  });
  const treeOf = (words: readonly string[]) => programOf(io, words);
  for (const command of await loadCommands(argv)) command.register(program, io, treeOf);
  for (const command of program.commands) addCommon(command);
  return program;
}

/** -V and -q mean the same behind a command as in front of it. The help lists them once, as global options. */
function addCommon(command: Command): void {
  command.version(version());
  command.addOption(new Option('-q, --quiet'));
  for (const option of command.options.slice(-2)) option.hideHelp();
  for (const inner of command.commands) addCommon(inner);
}

/** No option or argument may be empty. A shell makes such a word of a variable that is not set. */
function checkTexts(command: Command): void {
  // Wireshark gives an empty value for each option that its user left open.
  if (command.getOptionValue('extcap') === true) return;
  const options = command.options.map((option) => [
    option.long ?? '',
    command.getOptionValue(option.attributeName()),
    'a name',
  ]);
  const values = command.registeredArguments.map((argument, index) => [
    argument.name(),
    command.processedArgs[index],
    argument.description,
  ]);
  for (const [path, value, expected] of [...options, ...values])
    if ([value].flat().includes(''))
      throw new UsageError({ code: 'argument', path, expected, actual: 'an empty text' });
}
