import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { WireError } from '../base/error.js';
import { FileError } from './file-error.js';
import type { Files } from './files.js';

/**
 * Finds the files that a scenario loads: in its folder, in the folder `dtb` there, or in the folder `dtb` beside its
 * folder, where recordings have them. Each file is read once. A scenario may come from anywhere, so a file of another
 * folder is refused, also behind a symbolic link, unless `allowOutside`.
 *
 * @param scenario path of the scenario; `-` stands for the working directory.
 */
export function scenarioFiles(
  files: Files,
  scenario: string,
  allowOutside: boolean,
): (name: string) => Uint8Array {
  const folder = scenario === '-' ? '.' : dirname(scenario);
  const folders = [folder, join(folder, 'dtb'), join(folder, '..', 'dtb')];
  const contents = new Map<string, Uint8Array>();
  const read = (name: string): Uint8Array => {
    for (const one of folders) {
      const path = join(one, name);
      if (!allowOutside && !isInside(one, path)) refuse(name);
      if (!existsSync(path)) continue;
      if (!allowOutside && !isInside(realpathSync(one), realpathSync(path))) refuse(name);
      return files.whole(path);
    }
    const looked = folders.map((one) => one || '.').join(', ');
    const loader = scenario === '-' ? 'standard input' : scenario;
    const problem = `${loader} loads it, and it is in none of the folders ${looked}: copy it to one of them`;
    throw new FileError(name, new Error(problem));
  };
  return (name) => {
    const bytes = contents.get(name) ?? read(name);
    contents.set(name, bytes);
    return bytes;
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function refuse(name: string): never {
  const expected = 'a file in the folder of the scenario, or --allow-outside';
  throw new WireError({ code: 'outside', path: 'file', offset: 0, expected, actual: name });
}
