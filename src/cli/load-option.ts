import { UsageError } from '../base/error.js';

/** A file to be in memory at a guest physical address. */
export interface FileAt {
  readonly address: number;
  readonly file: string;
}

/** One more value of `--load`. @throws UsageError for what is no address and file. */
export function addLoad(text: string, list: readonly FileAt[]): FileAt[] {
  const [, digits, file] = /^(0x[0-9a-f]+|\d+)=(.+)$/i.exec(text) ?? [];
  const address = Number(digits);
  if (file !== undefined && Number.isSafeInteger(address)) return [...list, { address, file }];
  const expected = 'ADDRESS=FILE, such as 0x89000000=vm.dtb';
  throw new UsageError({ code: 'argument', path: '--load', expected, actual: text });
}
