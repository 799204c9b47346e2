import { viewOf } from '../base/bytes.js';
import { parseHex } from '../base/hex.js';
import { jsonText } from '../base/json.js';
import { fieldChanges } from '../capture/diff/index.js';
import { decodePayload, errorWordSize, type Json, payloadToJson } from '../capture/payload/index.js';
import { annotate } from '../codec/index.js';
import { type Message, MessageType, type Protocol, payloadOf } from '../schema/index.js';
import { type Values, VariantType } from '../wire/index.js';
import type { Fixture } from './fixture.js';
import { type FixtureJson, fixtureJson, plainSizeMax } from './json.js';

/** A difference between a stored fixture and the present one, as a line of text. */
export interface FixtureChange {
  readonly name: string;
  /** `missing`: the stored set lacks the fixture. `unexpected`: only the stored set has it. */
  readonly kind: 'missing' | 'unexpected' | 'changed';
  readonly text: string;
}

/** Largest number of changes shown for one fixture. Further ones are only counted. */
const changesMax = 12;

/** Compares a stored set of fixtures, field by field, with the fixtures that the protocol gives now. */
export function checkFixtures(
  protocol: Protocol,
  stored: readonly FixtureJson[],
  current: readonly Fixture[],
): FixtureChange[] {
  const byName = new Map(stored.map((fixture) => [fixture.name, fixture]));
  const changes: FixtureChange[] = [];
  for (const fixture of current) {
    const before = byName.get(fixture.name);
    byName.delete(fixture.name);
    if (before === undefined) changes.push({ name: fixture.name, kind: 'missing', text: 'not in the set' });
    else changes.push(...changesOf(protocol, before, fixture));
  }
  for (const name of byName.keys()) changes.push({ name, kind: 'unexpected', text: 'only in the set' });
  return changes;
}

function changesOf(protocol: Protocol, before: FixtureJson, fixture: Fixture): FixtureChange[] {
  // The fixtures of a compact set lack the values and payloads of long messages, so compare without them.
  const after = fixtureJson(protocol, fixture, before.payload === undefined ? plainSizeMax : undefined);
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const texts = [
    // Without the bytes: their difference is reported by field below, not as one long text.
    ...fieldChanges(factsOf(before), factsOf(after)).map(
      ({ path, a, b }) => `${path}: ${show(a)} -> ${show(b)}`,
    ),
    ...longValueChanges(before, fixture),
    ...byteChange(before, fixture),
  ];
  const { name } = fixture;
  const shown = texts.slice(0, changesMax).map((text) => ({ name, kind: 'changed' as const, text }));
  const more = texts.length - shown.length;
  return more === 0 ? shown : [...shown, { name, kind: 'changed', text: `${more} more changes` }];
}

function show(value: Json | undefined): string {
  return value === undefined ? '(absent)' : jsonText(value);
}

function factsOf({ frames, payload: _payload, ...facts }: FixtureJson): Json {
  return { ...facts, frames: frames.length } as unknown as Json;
}

/** Changes in the value of a long fixture. Its value is not stored, so the stored bytes are decoded and compared. */
function longValueChanges(before: FixtureJson, { part, payload, value, error }: Fixture): string[] {
  if (before.value !== undefined) return [];
  const stored = payloadIn(before);
  const request = requestOf(part.message, part.selection?.value);
  const type = MessageType[part.type];
  const decoded = decodePayload(part.message, type, viewOf(stored), 0, stored.length, request);
  if (decoded.layout === undefined || payload.length === 0 || error !== decoded.error) return [];
  const was = payloadToJson(decoded.layout, decoded.payload);
  return fieldChanges(was, value, 'value').map(({ path, a, b }) => `${path}: ${show(a)} -> ${show(b)}`);
}

function requestOf(message: Message, value: number | undefined): Values | undefined {
  const reply = payloadOf(message, MessageType.reply);
  return reply instanceof VariantType && value !== undefined ? { [reply.field]: value } : undefined;
}

/** The first byte that differs, and the field to which it belongs now. */
function byteChange(before: FixtureJson, { part, payload, frames }: Fixture): string[] {
  const stored = payloadIn(before);
  const size = Math.max(stored.length, payload.length);
  for (let at = 0; at < size; at++) {
    if (stored[at] === payload[at]) continue;
    const start = part.type === 'reply' ? errorWordSize : 0;
    const { ranges } = annotate(part.layout, payload.subarray(start));
    const range = ranges.find(({ start: from, end }) => at - start >= from && at - start < end);
    const field = at < start ? 'error' : (range?.path ?? 'the end');
    return [`payload byte ${at} (${field}): ${byteText(stored[at])} -> ${byteText(payload[at])}`];
  }
  const same = frames.every((frame, index) => {
    const old = parseHex(before.frames[index] ?? '') ?? new Uint8Array(0);
    return old.length === frame.length && old.every((byte, at) => byte === frame[at]);
  });
  return same ? [] : ['frames: other headers or other cuts'];
}

function byteText(byte: number | undefined): string {
  return byte === undefined ? '(none)' : byte.toString(16).padStart(2, '0');
}

/** The payload of a stored fixture: its frames without their headers. */
function payloadIn({ frames }: FixtureJson): Uint8Array {
  const headerDigits = 16;
  return parseHex(frames.map((frame) => frame.slice(headerDigits)).join('')) ?? new Uint8Array(0);
}
