import { Option } from 'commander';
import { constants } from '../../schemas/index.js';
import { UsageError } from '../base/error.js';
import { nameLike } from '../base/nearest.js';
import { INPUT_FORMATS } from '../capture/input/index.js';

/** What an option says is impossible, alone or beside others. @throws UsageError */
export function refuseOption(path: string, expected: string, actual: string): never {
  throw new UsageError({ code: 'option', path, expected, actual });
}

/** The same of an argument. @param path empty if it has no name, or if several are meant. @throws UsageError */
export function refuseArgument(path: string, expected: string, actual: string): never {
  throw new UsageError({ code: 'argument', path, expected, actual });
}

/** The value of an option that must be one of some names. @throws UsageError for another value. */
export function oneOf<T extends string>(
  names: readonly T[],
  value: string,
  path: string,
  code = 'option',
): T {
  return nameOf(names, value, {
    code,
    path,
    what: path === '--to' || path === '-T' ? 'form' : path.slice(2),
  });
}

/** Parses an argument that must be one of some names. @param what they name: `form`. @throws UsageError */
export function nameArgument<T extends string>(what: string, names: readonly T[]): (text: string) => T {
  return (text) => nameOf(names, text, { code: 'argument', path: '', what });
}

function nameOf<T extends string>(
  names: readonly T[],
  value: string,
  { code, path, what }: { readonly code: string; readonly path: string; readonly what: string },
): T {
  const name = nameLike(value, names);
  if (name !== undefined) return name;
  throw new UsageError({ code, path, expected: names.join(', '), actual: value, choice: { what, names } });
}

/** Parses an option that is an integer from `min` to `max`, decimal or hexadecimal. */
export function integerOption(
  path: string,
  max = Number.MAX_SAFE_INTEGER,
  min = 0,
): (text: string) => number {
  return (text) => {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    refuseArgument(path, `${min}..${max}`, text);
  };
}

/** Parses an option whose value must be one of some names. */
export function nameOption<T extends string>(path: string, names: readonly T[]): (text: string) => T {
  return (text) => oneOf(names, text, path);
}

/** The value of `--format`. @throws UsageError for an unknown format. */
export const formatOption = (value: string) => oneOf(INPUT_FORMATS, value, '--format', 'format');

/** The option `--from` of commands that speak as a VM: its number, or `HLOS`. */
export function fromFlag(help: string): Option {
  const number = integerOption('--from', 0xffff);
  const { VMID_HLOS } = constants;
  return new Option('--from <vmid>', help)
    .argParser((text) => (text.toUpperCase() === 'HLOS' ? VMID_HLOS : number(text)))
    .default(VMID_HLOS);
}

/** The option `--jobs` of commands that share their work between threads. */
export function jobsFlag(help: string): Option {
  return new Option('--jobs <n>', help).default(1).argParser(integerOption('--jobs', jobsMax, 1));
}

/** The option `--allow-outside` of commands that play scenarios. */
export function outsideFlag(): Option {
  return new Option('--allow-outside', 'the scenario may load files that are outside its folder');
}

/** Threads that can be asked for. */
const jobsMax = 256;

/** A file to load into memory at a guest physical address. */
export interface FileAt {
  readonly address: number;
  readonly file: string;
}

/** Adds a value of `--load` to those before. @throws UsageError if it is not an address and a file. */
function addLoad(text: string, list: readonly FileAt[]): FileAt[] {
  const [, digits, file] = /^(0x[0-9a-f]+|\d+)=(.+)$/i.exec(text) ?? [];
  const address = Number(digits);
  if (file !== undefined && Number.isSafeInteger(address)) return [...list, { address, file }];
  refuseArgument('--load', 'ADDRESS=FILE, such as 0x89000000=vm.dtb', text);
}

/** The option `--load`. @param help its line in the help. */
export function loadFlag(help: string): Option {
  return new Option('--load <address=file>', help).argParser(addLoad).default([], 'none');
}
