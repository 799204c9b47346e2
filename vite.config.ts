import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { protocol } from './schemas/index.js';
import { builtFunctionsModule } from './src/inspector/built-functions.js';

const builtFunctions = 'virtual:built-functions';

/** The generated decoders as a module. */
function builtFunctionsPlugin(): Plugin {
  return {
    name: 'built-functions',
    resolveId: (id) => (id === builtFunctions ? `\0${builtFunctions}` : undefined),
    load: (id) => (id === `\0${builtFunctions}` ? builtFunctionsModule(protocol) : undefined),
  };
}

/**
 * Modules that generate functions which the page does without, and what stands for each. The page may not generate
 * functions. It shows payloads as trees, not as lines. It writes JSON step by step, as commands do until a function is worth
 * it, and it encodes with the field types.
 */
const withoutGenerators: Readonly<Record<string, string>> = {
  '/src/capture/payload/cut-lines.ts': 'export const cutLinesWriter = undefined;',
  '/src/capture/payload/wire-lines.ts': 'export const linesWriter = undefined;',
  '/src/capture/payload/wire-json.ts':
    'export const JsonReader = undefined; export const payloadWriter = () => undefined;',
  '/src/codec/compile-encode.ts': "export { plainEncode as compileEncode } from './plain-encode.js';",
};

function withoutGeneratorsPlugin(): Plugin {
  return {
    name: 'without-generators',
    load: (id) => Object.entries(withoutGenerators).find(([file]) => id.endsWith(file))?.[1],
  };
}

/** Names the one script and the one style sheet of the page in a policy that allows nothing else. */
function policyPlugin(): Plugin {
  return {
    name: 'content-security-policy',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== 'asset' || !file.fileName.endsWith('.html')) continue;
          const html = String(file.source);
          const hashes = (tag: string) =>
            Array.from(html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g')), ([, text]) => {
              const hash = createHash('sha256')
                .update(text as string)
                .digest('base64');
              return `'sha256-${hash}'`;
            }).join(' ');
          const policy = [
            "default-src 'none'",
            `script-src ${hashes('script')}`,
            `style-src ${hashes('style') || "'none'"}`,
            'worker-src blob:',
            'img-src data:',
            "base-uri 'none'",
            "form-action 'none'",
          ].join('; ');
          file.source = html.replace(
            '<meta charset="utf-8" />',
            `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
          );
        }
      },
    },
  };
}

export default defineConfig({
  root: resolve(import.meta.dirname, 'src/inspector'),
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [builtFunctionsPlugin(), withoutGeneratorsPlugin(), viteSingleFile(), policyPlugin()],
  worker: { plugins: () => [builtFunctionsPlugin(), withoutGeneratorsPlugin()] },
  build: {
    outDir: resolve(import.meta.dirname, 'dist/inspector'),
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: 'chrome123',
    modulePreload: false,
  },
});
