import { hashOf } from '../base/bytes.js';
import { defined } from '../base/defined.js';
import type { Fixture, Provenance } from './fixture.js';

/**
 * What sources other than our encoder say about the bytes of fixtures. A script of the tests gathers it from recordings.
 * It holds for exactly these bytes: a fixture whose bytes change has no evidence any more.
 */
export interface Evidence {
  /** By name of the fixture. */
  readonly confirmed: Readonly<Record<string, Confirmation>>;
  /** Recorded messages, each of which becomes a fixture. */
  readonly recorded: readonly RecordedMessage[];
}

export interface Confirmation {
  readonly provenance: Exclude<Provenance, 'own'>;
  /** {@link digestOf} of the confirmed payload. */
  readonly digest: string;
  /** The recording or client. */
  readonly source?: string;
}

export interface RecordedMessage {
  readonly provenance: 'recorded' | 'client';
  readonly source: string;
  /** Queue messages as hex. */
  readonly frames: readonly string[];
}

export const noEvidence: Evidence = { confirmed: {}, recorded: [] };

/** Eight hex digits by which payloads are compared. */
export function digestOf(payload: Uint8Array): string {
  return (hashOf(payload) >>> 0).toString(16).padStart(8, '0');
}

/** The fixture with the provenance that the evidence gives to its bytes. */
export function withEvidence(fixture: Fixture, { confirmed }: Evidence): Fixture {
  const found = confirmed[fixture.name];
  if (found === undefined || found.digest !== digestOf(fixture.payload)) return fixture;
  const { provenance, source } = found;
  return { ...fixture, ...defined({ provenance, source }) };
}

/** Number of fixtures with each provenance. */
export function countByProvenance(
  fixtures: readonly Pick<Fixture, 'provenance'>[],
): Record<Provenance, number> {
  const counts = { recorded: 0, client: 0, layout: 0, own: 0 };
  for (const { provenance } of fixtures) counts[provenance]++;
  return counts;
}
