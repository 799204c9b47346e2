import type { LinterOptions, LoadedFile } from '../../../lint/index.js';
import type { Files } from '../../../node/files.js';
import { scenarioFiles } from '../../../node/scenario-files.js';

/** What `--load` puts into memory. */
export interface Load {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** How a linter knows what `--load` names. */
export function loadedFiles(loads: readonly Load[]): LoadedFile[] {
  return loads.map(({ address }, index) => ({ address, name: nameOf(index) }));
}

/** The files that are loaded by name: those of `--load`, and those that an input names. @param input its path. */
export function loadable(
  files: Files,
  input: string,
  loads: readonly Load[],
  allowOutside: boolean,
): LinterOptions['file'] {
  const added = new Map(loads.map(({ bytes }, index) => [nameOf(index), bytes]));
  const found = scenarioFiles(files, input, allowOutside);
  return (name) => added.get(name) ?? found(name);
}

/** No file has it. */
function nameOf(index: number): string {
  return `--load ${index}`;
}
