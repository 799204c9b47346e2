import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentTypes } from './document-types.js';

// Part of the build, behind tsc: the types of the schemas get the prose of the declarations.
const folder = join(import.meta.dirname, '../dist/schemas');
for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const path = join(folder, name);
  writeFileSync(path, documentTypes(readFileSync(path, 'utf8')));
}
