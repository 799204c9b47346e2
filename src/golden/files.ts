import type { Message, Protocol } from '../schema/index.js';
import type { Fixture } from './fixture.js';
import { fixtureJson, fixturesText } from './json.js';

export const goldenFormats = ['json'] as const;
export type GoldenFormat = (typeof goldenFormats)[number];

/** A file of a set of fixtures; the name may have folders. */
export interface GoldenFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The fixtures as files: JSON has one per message. */
export function goldenFiles(
  protocol: Protocol,
  fixtures: readonly Fixture[],
  _format: GoldenFormat,
): GoldenFile[] {
  return [...byMessage(fixtures)].map(([{ name }, list]) => ({
    name: `${name}.json`,
    content: fixturesText(list.map((fixture) => fixtureJson(protocol, fixture))),
  }));
}

export function goldenText(protocol: Protocol, fixtures: readonly Fixture[], _format: GoldenFormat): string {
  return fixturesText(fixtures.map((fixture) => fixtureJson(protocol, fixture)));
}

function byMessage(fixtures: readonly Fixture[]): Map<Message, Fixture[]> {
  const groups = new Map<Message, Fixture[]>();
  for (const fixture of fixtures) {
    const group = groups.get(fixture.part.message);
    if (group === undefined) groups.set(fixture.part.message, [fixture]);
    else group.push(fixture);
  }
  return groups;
}
