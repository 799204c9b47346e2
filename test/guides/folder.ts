import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, root } from './pages.js';

/**
 * A folder that holds what a fresh clone holds, by links, so that what the blocks of a page write does not land in the
 * checkout. Files that the reader is told to save are there.
 */
export function pageFolder(page: Page): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gunyah-rm-page-'));
  for (const name of readdirSync(root))
    if (!name.startsWith('.')) symlinkSync(join(root, name), join(path, name));
  mkdirSync(join(path, 'home'));
  for (const { file, text } of page.blocks) if (file !== undefined) writeFileSync(join(path, file), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
