import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Builds the command line and the inspector's page once before the tests: some hundred of them start it, and starting it
 * from source costs most of their time.
 */
export default function setup(): void {
  const compiler = resolve(root, 'node_modules/typescript/bin/tsc');
  const bundler = resolve(root, 'node_modules/vite/bin/vite.js');
  for (const args of [
    [compiler, '-p', 'tsconfig.build.json'],
    [bundler, 'build'],
  ])
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}
