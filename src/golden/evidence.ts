import type { Json } from '../capture/payload/index.js';
import type { Fixture, Provenance } from './fixture.js';

/**
 * What others than our encoder say about the bytes of fixtures. It is data, gathered from recordings by a script of the
 * tests, and belongs to one set of bytes: a schema that changes loses it.
 */
export interface Evidence {
  /** By name of the fixture. */
  readonly confirmed: Readonly<Record<string, Confirmation>>;
  /** Messages as they were recorded, to be fixtures of their own. */
  readonly recorded: readonly RecordedMessage[];
}

export interface Confirmation {
  readonly provenance: Exclude<Provenance, 'own'>;
  /** {@link digestOf} of the payload that is confirmed. */
  readonly digest: string;
  /** Which recording or client, where it is one. */
  readonly source?: string;
}

export interface RecordedMessage {
  readonly provenance: 'recorded' | 'client';
  readonly source: string;
  /** Queue messages as hex. */
  readonly frames: readonly string[];
}

export const noEvidence: Evidence = { confirmed: {}, recorded: [] };

/** Eight hex digits that tell payloads apart (32-bit FNV-1a); no protection against anybody. */
export function digestOf(payload: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of payload) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The fixture with the provenance that the evidence gives to its bytes. */
export function withEvidence(fixture: Fixture, { confirmed }: Evidence): Fixture {
  const found = confirmed[fixture.name];
  if (found === undefined || found.digest !== digestOf(fixture.payload)) return fixture;
  const { provenance, source } = found;
  return { ...fixture, provenance, ...(source === undefined ? {} : { source }) };
}

/** How many fixtures have each provenance. */
export function shares(fixtures: readonly Pick<Fixture, 'provenance'>[]): Record<Provenance, number> {
  const counts = { recorded: 0, client: 0, layout: 0, own: 0 };
  for (const { provenance } of fixtures) counts[provenance]++;
  return counts;
}

/** Evidence as JSON text has it. Unknown keys are ignored. */
export function parseEvidence(json: Json): Evidence {
  return json as unknown as Evidence;
}
