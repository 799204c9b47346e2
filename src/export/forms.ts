import { exportAflMutator } from './afl-mutator.js';
import { exportC } from './c.js';
import type { ExportContext } from './context.js';
import { exportJsonSchema } from './json-schema.js';
import { exportKsy } from './ksy.js';
import { exportLua } from './lua.js';
import { exportMarkdown } from './markdown.js';

/** What `export` can write. */
export const exportForms = {
  lua: ({ protocol, hazards }) => exportLua(protocol, hazards),
  ksy: ({ protocol }) => exportKsy(protocol),
  c: ({ protocol }) => exportC(protocol),
  md: exportMarkdown,
  'json-schema': ({ protocol }) => exportJsonSchema(protocol),
  'afl-mutator': ({ protocol }) => exportAflMutator(protocol),
} as const satisfies Readonly<Record<string, (context: ExportContext) => string>>;

export type ExportForm = keyof typeof exportForms;
