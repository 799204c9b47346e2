import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { qcomCalls } from '../../src/host/calls/qcom/index.js';
import { Endpoint, errnoNumbers } from '../../src/host/index.js';
import { formatId } from '../../src/schema/index.js';
import { type Played, playReply } from './play.js';
import { isQcom, type Mode, masked, type QcomName, qcomTable } from './qcom-calls.js';
import { bytesOf, type ReplyLine, replyLines, requestIn } from './vectors.js';

const lines = replyLines.filter(isQcom);
const waiting = lines.filter(({ call }) => call !== 'none');
const notifications = lines.filter(({ call }) => call === 'none');
const careful = qcomTable('careful');
const faithful = qcomTable('faithful');
const title = ({ client, call, name }: ReplyLine) => `${client} ${call}: ${name}`;

const hazardOf = ({ driver: { settled } }: Played) =>
  settled !== undefined && 'error' in settled ? settled.error.hazard : undefined;

/** The recorder's own caller did not free what a heap query returned to it. */
const blamesCaller = ({ call, outcome }: ReplyLine) => call === 'q_heap_query' && outcome.ret === 0;

/** Holds the requests that a call made against those recorded, which may be cut off at the end. */
function checkRequests(
  { outcome: { requests_sent = [] } }: ReplyLine,
  { driver: { requests } }: Played,
): void {
  const recorded = requests_sent.map(requestIn);
  const ours = requests.map(({ id, payload }, index) => {
    const cut = requests_sent[index]?.endsWith('..') === true;
    return { id, payload: cut ? payload.subarray(0, recorded[index]?.payload.length) : payload };
  });
  const shown = (request: (typeof ours)[number]) => `${formatId(request.id)}:${formatHex(masked(request))}`;
  expect(ours.map(shown)).toEqual(recorded.map(shown));
}

describe("recorded reactions of Qualcomm's interfaces", () => {
  it('are all there', () => {
    expect([waiting.length, notifications.length]).toEqual([276, 54]);
  });

  it.each(waiting.map((line) => [title(line), line] as const))('%s', (_title, line) => {
    const { outcome } = line;
    const played = playReply(line, faithful);
    const effects = played.hazards.map(({ effect }) => effect);
    for (const { clients } of played.hazards) expect(clients).toContain(line.client);
    if (outcome.crash !== undefined) {
      expect(hazardOf(played)?.effect).toBe('crash');
      return;
    }
    const { settled } = played.driver;
    expect(settled === undefined).toBe(outcome.never_returns === true);
    expect(effects.includes('uninitialised_memory')).toBe(line.depends_on_uninitialised_memory === true);
    expect(effects.includes('leak')).toBe(line.leaks_reply === true && !blamesCaller(line));
    checkRequests(line, played);
    if (settled === undefined) return;
    if ('error' in settled) {
      const { errno } = settled.error;
      expect([errno, -errnoNumbers[errno]]).toEqual([outcome.errno, outcome.ret]);
      return;
    }
    const { requests_sent, ...told } = outcome;
    expect(settled.value).toEqual(told);
  });

  it('are the same when ours is careful, but for hazards with a name and the order of parts', () => {
    const ended: Record<string, number> = {};
    for (const line of waiting) {
      const ours = playReply(line, careful);
      const theirs = playReply(line, faithful).driver;
      const hazard = hazardOf(ours);
      if (hazard !== undefined) ended[hazard.name] = (ended[hazard.name] ?? 0) + 1;
      else {
        expect(ours.driver.requests).toEqual(theirs.requests);
        if (line.call !== 'q_mem_accept') expect(ours.driver.settled).toEqual(theirs.settled);
      }
    }
    expect(ended).toEqual({
      accept_malformed_reply: 3,
      heap_parcels_unread: 2,
      id_entries_overread: 3,
      unset_reply_pointer: 6,
    });
  });
});

describe("recorded notifications to Qualcomm's interfaces", () => {
  /** What the core makes of each notification that the transport delivers. */
  function forwarded({ client, incoming }: ReplyLine, mode: Mode) {
    const endpoint = new Endpoint(client);
    const calls = qcomCalls(client as QcomName, { mode });
    const outcomes = [];
    for (const interrupt of incoming) {
      const frames = [interrupt].flat().map((frame) => bytesOf(frame as string));
      endpoint.receive(() => frames.shift());
      for (let event = endpoint.nextEvent(); event; event = endpoint.nextEvent()) {
        if (event.kind !== 'notification') continue;
        const { id, payload = new Uint8Array(0) } = event;
        outcomes.push({ id: formatId(id), ...calls.forwardNotification(id, payload) });
      }
    }
    return outcomes;
  }

  it.each(notifications.map((line) => [title(line), line] as const))('%s', (_title, line) => {
    const { crash, core_forwarded } = line.outcome;
    for (const mode of ['faithful', 'careful'] as const) {
      const [first, ...others] = forwarded(line, mode);
      expect(others).toEqual([]);
      if (crash === 'SEGV') expect(first).toMatchObject({ hazard: { name: 'notification_without_payload' } });
      else if (crash !== undefined)
        expect(first).toMatchObject({ hazard: { name: 'notification_overread' } });
      else if (core_forwarded === undefined) expect(first?.kind).toBe('ignored');
      else expect(first).toMatchObject({ kind: 'forwarded', id: core_forwarded });
    }
  });
});
