#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { protocol } from '../../schemas/index.js';
import { UsageError, WireError } from '../base/error.js';
import { FileError } from '../node/input.js';
import { keepMemoryFlat } from '../node/memory.js';
import { ClosedPipe } from '../node/output.js';
import { version } from '../node/version.js';
import * as decode from './commands/decode.js';
import * as describe from './commands/describe.js';
import * as diff from './commands/diff.js';
import * as encode from './commands/encode.js';
import * as exportCommand from './commands/export.js';
import * as fuzz from './commands/fuzz/index.js';
import * as golden from './commands/golden.js';
import * as inspect from './commands/inspect.js';
import * as replay from './commands/replay.js';
import * as serve from './commands/serve.js';
import * as simulate from './commands/simulate.js';
import { CommandIo, exitCodes } from './io.js';

keepMemoryFlat();

const io = new CommandIo(protocol, (text) => process.stderr.write(text));
// A reader of stderr that has gone is no reason to stop.
process.stderr.on('error', () => {});
process.stdout.on('error', () => {
  process.exitCode = exitCodes.file;
});

const program = new Command('gunyah-rm')
  .description("Decodes, encodes and explains the RPC of the Gunyah hypervisor's resource manager.")
  .version(version())
  .exitOverride()
  // The options behind a command are that command's, also where the one around it has some of the same name.
  .enablePositionalOptions()
  .configureOutput({
    outputError: (text) =>
      io.warn(
        text
          .replace(/^error: /, '')
          .trim()
          .replaceAll('\n', ' '),
      ),
  })
  .configureHelp({ showGlobalOptions: true });
const commands = [
  decode,
  encode,
  describe,
  diff,
  simulate,
  replay,
  serve,
  fuzz,
  golden,
  exportCommand,
  inspect,
];
for (const command of commands) command.register(program, io);

try {
  await program.parseAsync();
  process.exitCode = io.exitCode;
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ClosedPipe) return exitCodes.ok;
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) {
    io.warn(error.message);
    return exitCodes.usage;
  }
  if (error instanceof FileError) {
    io.warn(`${error.file}: ${error.message}`);
    return exitCodes.file;
  }
  if (error instanceof WireError) {
    io.warn(error.message);
    return exitCodes.problems;
  }
  throw error;
}
