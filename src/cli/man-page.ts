import type { Command } from 'commander';
import { exitCodes } from './exit-codes.js';
import { notesOf } from './notes.js';

/** Columns of texts that stand as they are. */
const textWidth = 78;

const exitTexts: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'Done.',
  problems: 'Problems were found in the input: malformed messages, differences, findings.',
  usage: 'The command line is wrong.',
  file: 'A file cannot be read or written.',
  defect: 'This program has a defect.',
  interrupted: 'The user has interrupted the command.',
};

const variables: Readonly<Record<string, string>> = {
  NO_COLOR: 'No colours.',
  FORCE_COLOR: 'Colours also where the output is no terminal; none if it is 0.',
  GUNYAH_RM_DEBUG: 'The stack behind the report of a defect.',
};

/** The manual page of the program, in the language of man(7), from the same facts as the help. */
export function manPage(program: Command, version: string): string {
  const name = program.name();
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(lowerFirst(program.description()).replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B ${escaped(name)}`,
    '.I command',
    '[options] [arguments]',
    '.SH DESCRIPTION',
    escaped(program.description()),
    'Inputs are recognised by their contents; \\- is standard input.',
    '.SH OPTIONS',
    ...optionLines(program),
    '.SH COMMANDS',
    ...visible(program).flatMap((command) => commandLines(command, name)),
    '.SH EXIT STATUS',
    ...Object.entries(exitTexts).flatMap(([key, text]) =>
      item(String(exitCodes[key as keyof typeof exitCodes]), text),
    ),
    '.SH ENVIRONMENT',
    ...Object.entries(variables).flatMap(([key, text]) => item(key, text)),
  ];
  return `${lines.join('\n')}\n`;
}

/** A command, and the commands inside it. */
function commandLines(command: Command, outer: string): string[] {
  const name = `${outer} ${command.name()}`;
  return [
    `.SS "${escaped(`${name} ${command.usage()}`)}"`,
    `${escaped(upperFirst(command.description()))}.`,
    ...command
      .createHelp()
      .visibleArguments(command)
      .flatMap((argument) => item(argument.name(), argument.description)),
    ...optionLines(command),
    ...noteLines(command),
    ...visible(command).flatMap((inner) => commandLines(inner, name)),
  ];
}

function visible(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help');
}

function optionLines(command: Command): string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .flatMap((option) => item(help.optionTerm(option), help.optionDescription(option)));
}

/** What the help prints behind the options. */
function noteLines(command: Command): string[] {
  const text = notesOf(command, textWidth).trim();
  return text === '' ? [] : ['.PP', '.nf', ...text.split('\n').map(escaped), '.fi'];
}

function item(term: string, text: string): string[] {
  return ['.TP', `.B ${escaped(term)}`, escaped(text)];
}

/** Text without a meaning of its own in man(7). */
function escaped(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');
  return plain.replace(/^(?=[.'])/, '\\&');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
