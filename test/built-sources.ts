import { readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { normalizePath } from 'vite';
import type { Plugin } from 'vitest/config';
import { runFolder } from './run-folder.js';
import { buildAsShipped } from './vite-build.js';

const root = resolve(import.meta.dirname, '..');
/** Below `node_modules`, so that packages are found from there, and Vitest leaves what is there to Node. */
const cache = join(root, 'node_modules/.cache');

/** From the root, with `/`: all but what is in the bundle of the page only. */
const isSource = (path: string) =>
  /^(src|schemas)\/.*(?<!\.d)\.ts$/.test(path) &&
  !path.startsWith('src/inspector/page/') &&
  path !== 'src/inspector/worker.ts';

/** A module finds files of the package from where its source is. */
const urlsOfSources: Plugin = {
  name: 'urls-of-sources',
  transform: (code, id) => ({
    code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
    map: null,
  }),
};

function listSources(): string[] {
  return ['src', 'schemas']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        normalizePath(join(folder, name)),
      ),
    )
    .filter(isSource);
}

/** Writes each source as a JavaScript file of its own: `.mjs`, since no package.json above says what `.js` is. */
async function buildSources(sources: Iterable<string>, outDir: string): Promise<void> {
  await buildAsShipped({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [urlsOfSources],
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      minify: false,
      sourcemap: true,
      rollupOptions: {
        input: Array.from(sources, (path) => join(root, path)),
        external: /^[^./]/,
        output: { preserveModules: true, preserveModulesRoot: root, entryFileNames: '[name].mjs' },
      },
    },
  });
}

/**
 * Lets tests run the sources as modules of Node, which are built before the first test. With Vitest's own loader, each use
 * of an import calls a getter. Without it all tests together take 0.77 of the CPU time.
 *
 * Watching files and measuring coverage need the sources from Vitest itself.
 */
export function builtSources(): Plugin {
  let folder = '';
  let built: ReadonlySet<string> = new Set();
  return {
    name: 'built-sources',
    enforce: 'pre',
    async configureVitest({ vitest }) {
      if (vitest.config.watch || vitest.config.coverage.enabled) return;
      // Another run may begin while this one lasts.
      folder = runFolder(cache);
      const sources = new Set(listSources());
      await buildSources(sources, folder);
      built = sources;
    },
    resolveId(id, importer) {
      if (importer === undefined || !(id.startsWith('.') || isAbsolute(id))) return null;
      const path = normalizePath(relative(root, resolve(dirname(importer), id))).replace(/\.js$/, '.ts');
      return built.has(path) ? { id: join(folder, path.replace(/\.ts$/, '.mjs')), external: true } : null;
    },
  };
}
