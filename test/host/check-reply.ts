import { expect } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { errnoNumbers } from '../../src/host/index.js';
import { formatId } from '../../src/schema/index.js';
import { expectEqual, expectIs } from '../same.js';
import type { Played } from './play.js';
import type { ReplyLine } from './vectors.js';

/** Keys of an outcome that need more than being equal, or are about the recording alone. */
const special = new Set([
  'crash',
  'never_returns',
  'errno',
  'notifications',
  'requests_sent',
  'resp_size',
  'payload',
  'rm_error',
  'partial_message_still_active',
  'frames_left_unread_in_queue',
]);

/** Holds what our client did against a recorded outcome. */
export function checkReply({ outcome, leaks_reply = false, incoming }: ReplyLine, played: Played): void {
  const { driver, hazards, noted } = played;
  const effects = new Set(hazards.map(({ effect }) => effect));
  if (outcome.crash !== undefined) {
    expectIs(
      [...effects].some((effect) => effect === 'crash' || effect === 'uninitialised_memory'),
      true,
    );
    return;
  }
  expectEqual([...effects], leaks_reply ? ['leak'] : []);
  expectEqual(
    driver.requests.map(({ id, payload }) => `${formatId(id)}:${formatHex(payload)}`),
    outcome.requests_sent,
  );
  checkNotifications(outcome.notifications ?? [], played);
  expect(driver.queue).toHaveLength((outcome.frames_left_unread_in_queue as number | undefined) ?? 0);
  if (outcome.never_returns) {
    expect(driver.settled).toBeUndefined();
    if ('partial_message_still_active' in outcome) expectIs(driver.endpoint.assembling, true);
    driver.giveUp();
    expect(driver.settled).toMatchObject({
      error: { hazard: { name: 'no_reply', effect: 'never_returns' } },
    });
    return;
  }
  const { settled } = driver;
  if (settled === undefined) throw new Error('did not return');
  if ('error' in settled) {
    const { errno, actual, endedBy } = settled.error;
    expectEqual([errno, -errnoNumbers[errno]], [outcome.errno, outcome.ret]);
    for (const [key, value] of Object.entries(noted)) if (key in outcome) expectIs(value, outcome[key]);
    if (outcome.rm_error !== undefined && outcome.rm_error !== 0)
      expectEqual([endedBy, typeof actual], ['rm', 'string']);
    return;
  }
  const value: Record<string, unknown> = { ...noted, ...settled.value };
  for (const key of Object.keys(outcome).filter((name) => !special.has(name)))
    expectEqual([key, value[key]], [key, outcome[key]]);
  for (const key of ['resp_size', 'payload'])
    if (key in outcome) expectEqual([key, value[key]], [key, outcome[key]]);
  expect(incoming.length).toBeGreaterThan(0);
}

function checkNotifications(
  expected: NonNullable<ReplyLine['outcome']['notifications']>,
  { driver }: Played,
): void {
  const heard = driver.notifications.map(({ id, payload }) => ({
    id: formatId(id),
    size: payload?.length,
    payload_null: Number(payload === undefined),
  }));
  expectEqual(
    heard.map(({ id, payload_null }) => ({ id, payload_null })),
    expected.map(({ id, payload_null }) => ({ id, payload_null })),
  );
  for (const [index, { size }] of expected.entries())
    if (size !== undefined) expectIs(heard[index]?.size, size);
}
