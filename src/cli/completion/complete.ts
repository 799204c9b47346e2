import type { Argument, Command, Option } from 'commander';
import { UsageError } from '../../base/error.js';
import { completionsOf, filterNames } from '../../capture/filter/index.js';
import { payloadFields } from '../../capture/payload/index.js';
import { type Message, messageNamed, type Payload, type Protocol } from '../../schema/index.js';

/** A word that may stand at the cursor. */
export interface Candidate {
  readonly text: string;
  /** What it is, for people. May be empty. */
  readonly doc: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of files may stand there, too. */
  readonly files: boolean;
}

const nothing: Completion = { candidates: [], files: false };
const files: Completion = { candidates: [], files: true };

/** Names of the values of options and arguments that are files or folders, as the help prints them. */
const fileNames = /file|capture|scenario|dir|path|^a$|^b$|address/;
/** Those that are messages. */
const messageNames = /^message$/;

/**
 * What may stand at the end of a command line.
 *
 * @param words behind the program's name. The last one is at the cursor, and may be empty.
 */
export function complete(root: Command, protocol: Protocol, words: readonly string[]): Completion {
  const place = placeOf(root, words.slice(0, -1));
  const word = words.at(-1) ?? '';
  const all = candidatesAt(place, protocol, word);
  return { ...all, candidates: all.candidates.filter(({ text }) => text.startsWith(word)) };
}

interface Place {
  readonly command: Command;
  /** The words before that are no options. */
  readonly given: readonly string[];
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** Behind `--`. */
  readonly isPlain: boolean;
}

/** Where the command line is after some words. */
function placeOf(root: Command, words: readonly string[]): Place {
  let command = root;
  let option: Option | undefined;
  let isPlain = false;
  const given: string[] = [];
  for (const word of words) {
    if (option !== undefined && !(option.variadic && word.startsWith('-'))) {
      if (!option.variadic) option = undefined;
      continue;
    }
    option = undefined;
    const inner = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (isPlain) given.push(word);
    else if (word === '--') isPlain = true;
    else if (word.startsWith('-')) option = word.includes('=') ? undefined : optionWithValue(command, word);
    else if (inner !== undefined) command = inner;
    else given.push(word);
  }
  return { command, given, option, isPlain };
}

function optionWithValue(command: Command, flag: string): Option | undefined {
  return command.options.find(
    (option) => (option.long === flag || option.short === flag) && (option.required || option.optional),
  );
}

function candidatesAt(
  { command, given, option, isPlain }: Place,
  protocol: Protocol,
  word: string,
): Completion {
  const isFlag = word.startsWith('-') && !isPlain;
  if (option !== undefined && !(option.variadic && isFlag)) return valuesOf(option, protocol, word);
  const [, flag = '', value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  if (value !== undefined) {
    const behind = optionWithValue(command, flag);
    const all = behind === undefined ? nothing : valuesOf(behind, protocol, value);
    return { ...all, candidates: all.candidates.map((item) => ({ ...item, text: `${flag}=${item.text}` })) };
  }
  if (isFlag) return { candidates: flagsOf(command), files: false };
  const commands = given.length > 0 ? [] : command.createHelp().visibleCommands(command);
  const inner = commands.map((one) => ({ text: one.name(), doc: one.description() }));
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  const argument = all[given.length] ?? (last?.variadic ? last : undefined);
  const values = argument === undefined ? nothing : argumentsOf(command, argument, protocol, given);
  return { candidates: [...inner, ...values.candidates], files: values.files };
}

/** The options of a command, and those that all commands have. */
function flagsOf(command: Command): Candidate[] {
  const all: Candidate[] = [];
  for (let one: Command | null = command; one !== null; one = one.parent)
    for (const { long, description } of one.createHelp().visibleOptions(one))
      if (long && !all.some(({ text }) => text === long)) all.push({ text: long, doc: description });
  return all;
}

function valuesOf(option: Option, protocol: Protocol, word: string): Completion {
  const name = option.flags.replace(/^.*[<[]|(\.\.\.)?[>\]]$/g, '');
  const names = namesFor(option);
  if (names.length > 0) return { candidates: plain(names), files: false };
  if (name === 'expr' || name === 'key') {
    const { start, items } = completionsOf(word, word.length, filterNames(protocol, false));
    const whole = items.map(({ text, doc }) => ({ text: word.slice(0, start) + text, doc }));
    return { candidates: whole, files: false };
  }
  if (option.long === '--message') return { candidates: messages(protocol), files: false };
  return fileNames.test(name) || option.long === '--out' ? files : nothing;
}

/** The names that an option or argument takes. Those with a list of names refuse any other with that list. */
function namesFor({ parseArg, argChoices }: Pick<Option, 'parseArg' | 'argChoices'>): readonly string[] {
  if (argChoices !== undefined) return argChoices;
  try {
    parseArg?.('\0', undefined);
  } catch (error) {
    if (error instanceof UsageError) return error.choice?.names ?? [];
  }
  return [];
}

function argumentsOf(
  command: Command,
  argument: Argument,
  protocol: Protocol,
  given: readonly string[],
): Completion {
  const name = argument.name();
  const names = namesFor(argument);
  if (names.length > 0) return { candidates: plain(names), files: false };
  if (messageNames.test(name)) return { candidates: messages(protocol, 'call'), files: false };
  if (name === 'request') {
    const message = messageNamed(protocol, given[0] ?? '');
    const layout = message?.layout === 'known' && message.kind === 'call' ? message.request : undefined;
    return { candidates: layout === undefined ? [] : assignments(layout), files: false };
  }
  if (command.name() === 'describe') return { candidates: described(protocol), files: false };
  return fileNames.test(name) ? files : nothing;
}

/** `vmid=` for each field. */
function assignments(layout: Payload): Candidate[] {
  return [...payloadFields(layout).values()]
    .filter(({ type, isLength }) => type.kind !== 'reserved' && !isLength)
    .map(({ name, doc }) => ({ text: `${name}=`, doc }));
}

function messages({ messages: all }: Protocol, kind?: Message['kind']): Candidate[] {
  const wanted = all.filter((message) => kind === undefined || message.kind === kind);
  return wanted.map(({ name, doc }) => ({ text: name, doc }));
}

/** What `describe` finds by a name: messages, types, errors. */
function described(protocol: Protocol): Candidate[] {
  const { enums, flags, structs, error } = protocol;
  const types = [...enums, ...flags].map(({ label, info }) => ({ text: label, doc: info.doc }));
  const layouts = structs.map(({ label }) => ({ text: label, doc: 'struct' }));
  const errors = Object.keys(error.values).map((text) => ({ text, doc: 'error' }));
  return [...messages(protocol), ...types, ...layouts, ...errors, { text: 'header', doc: 'of each packet' }];
}

function plain(names: readonly string[]): Candidate[] {
  return names.map((text) => ({ text, doc: '' }));
}
