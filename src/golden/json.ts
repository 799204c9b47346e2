import { defined } from '../base/defined.js';
import { formatHex } from '../base/hex.js';
import { jsonText } from '../base/json.js';
import { enumName, type Json } from '../capture/payload/index.js';
import { formatId, type Protocol } from '../schema/index.js';
import type { Fixture } from './fixture.js';

/**
 * C, Rust and compact JSON give payload and value up to this many payload bytes. Of longer messages they give only the
 * frames: otherwise a set of all messages would take tens of megabytes.
 */
export const plainSizeMax = 1024;

/** A fixture as JSON. The keys come in this order, each only if it applies. */
export interface FixtureJson {
  readonly name: string;
  readonly message: string;
  readonly id: string;
  readonly type: string;
  readonly seq: number;
  /** Name of the error word, or its number when it has none. */
  readonly error?: string | number;
  /** The field of the request, and its value, that decide on the layout of this reply. */
  readonly request?: { readonly [field: string]: string };
  readonly refused?: string;
  readonly fault?: string;
  readonly provenance: string;
  readonly source?: string;
  /** Payload bytes, a reply's error word included. */
  readonly size: number;
  readonly value?: Json;
  readonly payload?: string;
  readonly frames: readonly string[];
}

/** @param sizeMax largest payload in bytes that is given as value and payload too, not only as frames. */
export function fixtureJson(
  protocol: Protocol,
  fixture: Fixture,
  sizeMax = Number.POSITIVE_INFINITY,
): FixtureJson {
  const { name, part, seq, error, refused, fault, provenance, source, payload, frames, value } = fixture;
  const { message, type, selection } = part;
  const isPlain = payload.length <= sizeMax;
  return defined({
    name,
    message: message.name,
    id: formatId(message.id),
    type,
    seq,
    error: error === undefined ? undefined : (enumName(protocol.error, error) ?? error),
    request: selection && { [selection.field]: selection.name },
    refused,
    fault,
    provenance,
    source,
    size: payload.length,
    value: isPlain ? value : undefined,
    payload: isPlain ? formatHex(payload) : undefined,
    frames: frames.map((frame) => formatHex(frame)),
  });
}

/** A JSON array with one fixture per line, so that a change of one is a change of one line. */
export function fixturesText(fixtures: readonly FixtureJson[]): string {
  return `[\n${fixtures.map((fixture) => jsonText(fixture)).join(',\n')}\n]\n`;
}
