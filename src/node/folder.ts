import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, parse } from 'node:path';
import { FileError } from './file-error.js';

/** The text of a file of this package, undefined if it is missing. Modules in `dist` are one folder deeper than sources. */
export function packageFile(name: string): string | undefined {
  for (const up of ['../../', '../../../']) {
    const text = textOf(new URL(up + name, import.meta.url));
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** The text of a file in the folder of a module, undefined if it is missing. */
export function fileBeside(module: string, name: string): string | undefined {
  return textOf(new URL(name, module));
}

/** The name of a file without its folders and without its extension. */
export function bareName(path: string): string {
  return parse(path).name;
}

/**
 * Makes a folder, and those that it lies in. `mkdirSync` with `recursive` never returns for folders below `/proc`.
 *
 * @throws FileError
 */
export function makeFolder(path: string): void {
  try {
    if (makeOne(path)) return;
    makeFolder(dirname(path));
    mkdirSync(path);
  } catch (error) {
    if (error instanceof FileError) throw error;
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new FileError(path, error);
  }
}

/** @returns false if the folder that it lies in is missing. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw code === 'EEXIST' ? Object.assign(new Error(), { code: 'ENOTDIR' }) : error;
  }
}
