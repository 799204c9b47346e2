import type { Command } from 'commander';
import type { CommandIo } from '../io.js';

/** A module of a command. */
interface CommandModule {
  /** @param treeOf the program with the commands that a command line needs. */
  register(program: Command, io: CommandIo, treeOf: (words: readonly string[]) => Promise<Command>): void;
}

/** How the module of each command is loaded, in the order of the help. */
const modules: Readonly<Record<string, () => Promise<CommandModule>>> = {
  decode: () => import('./decode/index.js'),
  encode: () => import('./encode.js'),
  describe: () => import('./describe.js'),
  diff: () => import('./diff.js'),
  simulate: () => import('./simulate.js'),
  replay: () => import('./replay.js'),
  lint: () => import('./lint/index.js'),
  serve: () => import('./serve.js'),
  call: () => import('./call.js'),
  listen: () => import('./listen.js'),
  relay: () => import('./relay.js'),
  conform: () => import('./conform/index.js'),
  fuzz: () => import('./fuzz/index.js'),
  golden: () => import('./golden.js'),
  export: () => import('./export.js'),
  inspect: () => import('./inspect.js'),
  query: () => import('./query.js'),
  capture: () => import('./capture/index.js'),
  completion: () => import('./completion.js'),
};

/**
 * The modules that a command line needs: that of its command, since loading all takes longer than most commands run. All
 * of them for the list of commands, and for suggestions when there is no such command.
 */
export async function loadCommands([first]: readonly string[]): Promise<readonly CommandModule[]> {
  const load = first === undefined || !Object.hasOwn(modules, first) ? undefined : modules[first];
  if (load !== undefined) return [await load()];
  return Promise.all(Object.values(modules).map((loadOne) => loadOne()));
}
