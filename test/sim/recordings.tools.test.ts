import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';

/** Folders of further recordings of the public manager, separated by colons; those in test/recorded are a part. */
const folders = (process.env.GUNYAH_RM_RECORDINGS ?? '').split(':').filter((folder) => folder !== '');

// Without the variable there is nothing to replay: the recordings are too large to lie here.
describe.runIf(folders.length > 0)('recordings outside', () => {
  it.each(folders)('%s: every byte on every queue', { timeout: 600_000 }, async (folder) => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
    expect(files).not.toEqual([]);
    const { code, stdout } = await gunyahRm(['replay', ...files.map((name) => join(folder, name))]);
    expect(stdout).toMatch(/ 0 different\n$/);
    expect(code).toBe(0);
  });
});
