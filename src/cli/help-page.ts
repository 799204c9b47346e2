import { type Command, Option } from 'commander';
import { notes, notesOf } from './notes.js';

/**
 * What the help of a command says. The build keeps the pages of all commands in a file: to load all commands takes longer
 * than anything else that the help does.
 */
export interface HelpPage {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly { readonly term: string; readonly description: string }[];
  readonly options: readonly HelpOption[];
  /** What stands behind the options, with lines as long as they were written. */
  readonly notes: string;
  /** The commands inside it. */
  readonly commands: readonly HelpPage[];
  /** It does something by itself: one that only holds others has the command `help`. */
  readonly runs: boolean;
}

interface HelpOption {
  readonly flags: string;
  /** With its default and its choices. */
  readonly description: string;
  readonly isHidden: boolean;
}

export function pageOf(command: Command): HelpPage {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      term: termOf(argument.name(), argument.required, argument.variadic),
      description: help.argumentDescription(argument),
    })),
    options: command.options.map((option) => ({
      flags: option.flags,
      description: help.optionDescription(option),
      isHidden: option.hidden,
    })),
    notes: notesOf(command, Number.POSITIVE_INFINITY),
    commands: command.commands.map(pageOf),
    runs: help.visibleCommands(command).every((inner) => inner.name() !== 'help'),
  };
}

function termOf(name: string, isRequired: boolean, isVariadic: boolean): string {
  const text = isVariadic ? `${name}...` : name;
  return isRequired ? `<${text}>` : `[${text}]`;
}

/** Adds the command of a page, which has the same help. @param run what it does when it is not asked for its help. */
export function addCommandOf(page: HelpPage, parent: Command, run: () => void): void {
  const command = parent.command(page.name).description(page.description);
  for (const { term, description } of page.arguments) command.argument(term, description);
  for (const { flags, description, isHidden } of page.options)
    command.addOption(new Option(flags, description).hideHelp(isHidden));
  if (page.notes !== '') command.addHelpText('after', notes(page.notes));
  for (const inner of page.commands) addCommandOf(inner, command, run);
  if (page.runs) command.action(run);
}
