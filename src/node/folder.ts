import { readFileSync } from 'node:fs';
import { parse } from 'node:path';

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
