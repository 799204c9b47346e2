import { concatenated } from '../base/bytes.js';
import type { Protocol } from '../schema/index.js';
import { goldenC } from './c.js';
import type { Fixture } from './fixture.js';
import { fixtureJson, fixturesText, plainSizeMax } from './json.js';
import { goldenRust } from './rust.js';

export const goldenFormats = ['json', 'c', 'rust', 'bin'] as const;
export type GoldenFormat = (typeof goldenFormats)[number];

/** A file of a set of fixtures. */
export interface GoldenFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/**
 * The fixtures as files: one per message in JSON, one in all for C and Rust, two per fixture for raw bytes (`.payload`,
 * and `.frames` with the queue messages one after the other).
 */
export function goldenFiles(
  protocol: Protocol,
  fixtures: readonly Fixture[],
  format: GoldenFormat,
  compact = false,
): GoldenFile[] {
  if (format === 'c') return [{ name: 'gunyah_rm_golden.h', content: goldenC(protocol, fixtures) }];
  if (format === 'rust') return [{ name: 'gunyah_rm_golden.rs', content: goldenRust(protocol, fixtures) }];
  if (format === 'bin') {
    return fixtures.flatMap(({ name, payload, frames }) => [
      { name: `${name}.payload`, content: payload },
      { name: `${name}.frames`, content: concatenated(frames) },
    ]);
  }
  const byMessage = new Map<string, Fixture[]>();
  for (const fixture of fixtures) {
    const { name } = fixture.part.message;
    const ofMessage = byMessage.get(name) ?? [];
    ofMessage.push(fixture);
    byMessage.set(name, ofMessage);
  }
  return [...byMessage].map(([name, ofMessage]) => ({
    name: `${name}.json`,
    content: goldenText(protocol, ofMessage, format, compact),
  }));
}

/** The fixtures as one text. */
export function goldenText(
  protocol: Protocol,
  fixtures: readonly Fixture[],
  format: Exclude<GoldenFormat, 'bin'>,
  compact = false,
): string {
  if (format === 'c') return goldenC(protocol, fixtures);
  if (format === 'rust') return goldenRust(protocol, fixtures);
  return fixturesText(
    fixtures.map((fixture) => fixtureJson(protocol, fixture, compact ? plainSizeMax : undefined)),
  );
}
