import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const readme = readFileSync(join(root, 'README.md'), 'utf8');

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text as string,
  );

/** Lines that the README has a shell run. */
export const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));
/** Its programs. */
export const examples = blocks('ts');
