import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileError } from './file-error.js';
import { Output } from './output.js';

/** Writes a file of a folder, and the folders around it. Throws FileError. */
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

/** Names of the files of a folder, sorted. Throws FileError. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw new FileError(folder, error);
  }
}

/** A whole file of a folder as text. Throws FileError. */
export function readFrom(folder: string, name: string): string {
  const path = join(folder, name);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileError(path, error);
  }
}

/** A file of this package, undefined when it is not there; `dist` is one folder deeper than a checkout. */
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
