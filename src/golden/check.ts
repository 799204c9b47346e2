import { parseHex } from '../base/hex.js';
import { fieldChanges } from '../capture/diff/index.js';
import { decodePayload, errorWordSize, type Json, payloadToJson } from '../capture/payload/index.js';
import { annotate } from '../codec/index.js';
import { type Message, MessageType, type Protocol, payloadOf } from '../schema/index.js';
import { type Values, VariantType } from '../wire/index.js';
import type { Fixture } from './fixture.js';
import { type FixtureJson, fixtureJson, plainSizeMax } from './json.js';

/** What is not as it was, as one line for people. */
export interface FixtureChange {
  readonly name: string;
  /** `missing`: the set lacks it. `unexpected`: only the set has it. */
  readonly kind: 'missing' | 'unexpected' | 'changed';
  readonly text: string;
}

/** Changes of one fixture beyond which they are only counted. */
const changesMax = 12;

/** Compares a stored set of fixtures with what the protocol gives now, field by field. */
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
  // A compact set is compared in its own form.
  const after = fixtureJson(protocol, fixture, before.payload === undefined ? plainSizeMax : undefined);
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const texts = [
    // The bytes are told of by field, not as one long text.
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
  return value === undefined ? '(absent)' : JSON.stringify(value);
}

function factsOf({ frames, payload: _payload, ...facts }: FixtureJson): Json {
  return { ...facts, frames: frames.length } as unknown as Json;
}

/** The value of a long fixture is not stored: what its stored bytes say now is compared. */
function longValueChanges(before: FixtureJson, { part, payload, value, error }: Fixture): string[] {
  if (before.value !== undefined) return [];
  const stored = payloadIn(before);
  const request = requestOf(part.message, part.selection?.value);
  const type = MessageType[part.type];
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
  const decoded = decodePayload(part.message, type, view, 0, stored.length, request);
  if (decoded.layout === undefined || payload.length === 0 || error !== decoded.error) return [];
  const was = payloadToJson(decoded.layout, decoded.payload);
  return fieldChanges(was, value, 'value').map(({ path, a, b }) => `${path}: ${show(a)} -> ${show(b)}`);
}

function requestOf(message: Message, value: number | undefined): Values | undefined {
  const reply = payloadOf(message, MessageType.reply);
  return reply instanceof VariantType && value !== undefined ? { [reply.field]: value } : undefined;
}

/** Where the bytes differ first, and which field that is now. */
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
