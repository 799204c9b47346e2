import { Option } from 'commander';
import { UsageError } from '../base/error.js';

/** A file to be in memory at a guest physical address. */
export interface FileAt {
  readonly address: number;
  readonly file: string;
}

/** One more value of `--load`. @throws UsageError for what is no address and file. */
function addLoad(text: string, list: readonly FileAt[]): FileAt[] {
  const [, digits, file] = /^(0x[0-9a-f]+|\d+)=(.+)$/i.exec(text) ?? [];
  const address = Number(digits);
  if (file !== undefined && Number.isSafeInteger(address)) return [...list, { address, file }];
  const expected = 'ADDRESS=FILE, such as 0x89000000=vm.dtb';
  throw new UsageError({ code: 'argument', path: '--load', expected, actual: text });
}

/** `--load`, none unless told. @param what it is good for, for the help. */
export function loadFlag(what: string): Option {
  return new Option('--load <address=file>', what).argParser(addLoad).default([], 'none');
}
