import { Option } from 'commander';
import { UsageError } from '../base/error.js';

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
  const expected = 'ADDRESS=FILE, such as 0x89000000=vm.dtb';
  throw new UsageError({ code: 'argument', path: '--load', expected, actual: text });
}

/** The option `--load`. @param help its line in the help. */
export function loadFlag(help: string): Option {
  return new Option('--load <address=file>', help).argParser(addLoad).default([], 'none');
}
