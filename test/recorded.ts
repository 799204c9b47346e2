import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = join(import.meta.dirname, 'recorded');

/** The bytes of a recording, unpacked. */
export function recorded(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(folder, `${name}.gz`)));
}

/** Names of the recorded captures. */
export const captures: readonly string[] = readdirSync(folder)
  .filter((name) => /\.pcap(ng)?\.gz$/.test(name))
  .map((name) => name.replace(/\.gz$/, ''));

interface Reading {
  /** Changes a line before it is parsed. */
  readonly quote?: (line: string) => string;
  readonly revive?: (value: unknown) => unknown;
}

/** The objects of a recorded NDJSON file. */
export function recordedLines<T>(name: string, { quote = (line) => line, revive }: Reading = {}): T[] {
  const text = new TextDecoder().decode(recorded(name));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(quote(line), revive && ((_key, value) => revive(value))) as T);
}
