import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const scenarioFolder = resolve(import.meta.dirname, '../../captures/scenarios');

/** Names of the example scenarios. */
export const exampleNames = readdirSync(scenarioFolder)
  .filter((name) => name.endsWith('.ndjson'))
  .map((name) => name.replace('.ndjson', ''));

/** The lines of an example scenario. */
export function scenarioLines(name: string): unknown[] {
  const text = readFileSync(`${scenarioFolder}/${name}.ndjson`, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
