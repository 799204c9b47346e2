import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileError } from './file-error.js';
import { readWholeFile } from './input.js';

/**
 * Finds the files that a scenario loads: in its folder, in the folder `dtb` there, or in the folder `dtb` beside its
 * folder, where recordings have them. Each file is read once.
 *
 * @param scenario path of the scenario; `-` stands for the working directory.
 */
export function scenarioFiles(scenario: string): (name: string) => Uint8Array {
  const folder = scenario === '-' ? '.' : dirname(scenario);
  const contents = new Map<string, Uint8Array>();
  return (name) => {
    let bytes = contents.get(name);
    if (bytes === undefined) {
      const places = [join(folder, name), join(folder, 'dtb', name), join(folder, '..', 'dtb', name)];
      const place = places.find((path) => existsSync(path));
      if (place === undefined) throw new FileError(name, new Error(`not found from ${folder}`));
      bytes = readWholeFile(place);
      contents.set(name, bytes);
    }
    return bytes;
  };
}
