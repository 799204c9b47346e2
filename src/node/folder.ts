import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { FileError } from './file-error.js';
import { Output } from './output.js';

/** Writes a file into a folder, which it makes if needed. @throws FileError */
export function writeInto(folder: string, name: string, content: string | Uint8Array): void {
  const path = join(folder, name);
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new FileError(folder, error);
  }
  const output = Output.toFile(path);
  if (typeof content === 'string') output.write(content);
  else output.bytes(content);
  output.end();
}

/** Names of the files of a folder, sorted. @throws FileError */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw new FileError(folder, error);
  }
}

/** The text of a file in a folder. @throws FileError */
export function readFrom(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileError(path, error);
  }
}

/** The text of a file of this package, undefined if it is missing. Modules in `dist` are one folder deeper than sources. */
export function packageFile(name: string): string | undefined {
  for (const up of ['../../', '../../../']) {
    try {
      return readFileSync(new URL(up + name, import.meta.url), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** The name of a file without its folders and without its extension. */
export function bareName(path: string): string {
  return parse(path).name;
}
