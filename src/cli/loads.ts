import type { LinterOptions, LoadedFile } from '../lint/index.js';
import type { Files } from '../node/files.js';
import { scenarioFiles } from '../node/scenario-files.js';
import type { FileAt } from './options.js';

/** What `--load` puts into memory. */
export interface Load {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** @throws FileError, FileConflict */
export function readLoads(files: Files, loads: readonly FileAt[]): Load[] {
  return loads.map(({ address, file }) => ({ address, bytes: files.whole(file) }));
}

/** How linters and recordings know what `--load` names. */
export function loadedFiles(loads: readonly Pick<Load, 'address'>[]): LoadedFile[] {
  return loads.map(({ address }, index) => ({ address, name: nameOf(index) }));
}

/** The contents of what `--load` names. */
export function loadedContents(loads: readonly Load[]): ReadonlyMap<string, Uint8Array> {
  return new Map(loads.map(({ bytes }, index) => [nameOf(index), bytes]));
}

/** The files that are loaded by name: those of `--load`, and those that an input names. @param input its path. */
export function loadable(
  files: Files,
  input: string,
  loads: readonly Load[],
  allowOutside: boolean,
): LinterOptions['file'] {
  const added = loadedContents(loads);
  const found = scenarioFiles(files, input, allowOutside);
  return (name) => added.get(name) ?? found(name);
}

/** No file has it. */
function nameOf(index: number): string {
  return `--load ${index}`;
}
