import { formatHex } from '../base/hex.js';
import { enumName, type Json } from '../capture/payload/index.js';
import { formatId, type Protocol } from '../schema/index.js';
import type { Fixture } from './fixture.js';

/**
 * In C, in Rust and in compact JSON, payloads up to this many bytes stand beside their frames, with their value; of
 * longer ones only the frames are given, or a set of all messages would take tens of megabytes.
 */
export const plainSizeMax = 1024;

/** A fixture as JSON, keys in this order and each only where it applies. */
export interface FixtureJson {
  readonly name: string;
  readonly message: string;
  readonly id: string;
  readonly type: string;
  readonly seq: number;
  /** Name of the error word, or its number when it has none. */
  readonly error?: string | number;
  /** What the request said that decides on the layout of this reply. */
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

/** `sizeMax`: largest payload in bytes that is given as value and payload too, not as frames only. */
export function fixtureJson(
  protocol: Protocol,
  fixture: Fixture,
  sizeMax = Number.POSITIVE_INFINITY,
): FixtureJson {
  const { name, part, seq, error, refused, fault, provenance, source, payload, frames, value } = fixture;
  const { message, type, selection } = part;
  const isPlain = payload.length <= sizeMax;
  return {
    name,
    message: message.name,
    id: formatId(message.id),
    type,
    seq,
    ...(error === undefined ? {} : { error: enumName(protocol.error, error) ?? error }),
    ...(selection === undefined ? {} : { request: { [selection.field]: selection.name } }),
    ...(refused === undefined ? {} : { refused }),
    ...(fault === undefined ? {} : { fault }),
    provenance,
    ...(source === undefined ? {} : { source }),
    size: payload.length,
    ...(isPlain ? { value, payload: formatHex(payload) } : {}),
    frames: frames.map((frame) => formatHex(frame)),
  };
}

/** A JSON array with one fixture per line, so that a change of one is a change of one line. */
export function fixturesText(fixtures: readonly FixtureJson[]): string {
  return `[\n${fixtures.map((fixture) => JSON.stringify(fixture)).join(',\n')}\n]\n`;
}
