import { packageFile } from './folder.js';

/** The version of this package. */
export function version(): string {
  return JSON.parse(packageFile('package.json') ?? '{"version":"unknown"}').version;
}
