import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { loadCommands } from '../../src/cli/commands/index.js';
import { CommandIo } from '../../src/cli/io.js';
import { noStdio } from '../../src/node/stdio.js';

/** Names of the commands that a command line loads. */
async function loaded(...argv: string[]): Promise<string[]> {
  const program = new Command();
  const io = new CommandIo(protocol, noStdio);
  for (const command of await loadCommands(argv)) command.register(program, io, async () => program);
  return program.commands.map((command) => command.name());
}

describe('commands', async () => {
  const all = await loaded();

  it.each(all)('%s is the only one that is loaded for its command line', async (name) => {
    expect(await loaded(name, '--help')).toEqual([name]);
  });

  it.each([['--help'], ['help', 'decode'], ['decoed'], ['toString'], ['-x']])(
    'all are loaded for %s',
    async (...argv) => {
      expect(all.length).toBeGreaterThan(10);
      expect(await loaded(...argv)).toEqual(all);
    },
  );
});
