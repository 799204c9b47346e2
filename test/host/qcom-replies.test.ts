import { describe, expect, it } from 'vitest';
import { type SglEntry, sglEntry, VM_GET_STATE, VM_QUERY_HEAP_MEMORY } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import type { QcomCalls, QcomOptions } from '../../src/host/calls/qcom/index.js';
import { Endpoint, errnoNumbers, type Hazard } from '../../src/host/index.js';
import { formatId } from '../../src/schema/index.js';
import { type Answering, type Driven, drive } from './qcom-drive.js';
import {
  type Args,
  bytesOf,
  masked,
  type QcomName,
  qcomCalls,
  qcomLines,
  Recorded,
  returned,
  runOf,
} from './qcom-vectors.js';

interface Outcome {
  readonly ret?: number;
  readonly errno?: keyof typeof errnoNumbers;
  readonly crash?: string;
  readonly never_returns?: unknown;
  readonly requests_sent?: readonly string[];
  readonly vmid?: number;
  readonly virq_handle?: string;
  readonly handle?: string;
  readonly ipa?: string;
  readonly status?: string;
  readonly n?: number;
  readonly payload?: string;
  readonly size?: number;
  readonly n_sgl?: number;
  readonly sgl?: string;
  readonly core_forwarded?: string;
}

type Frames = readonly (string | readonly string[])[];

interface Line {
  readonly client: QcomName;
  readonly call: string;
  readonly args: Args;
  readonly name: string;
  readonly incoming: Frames;
  readonly outcome: Outcome;
  readonly depends_on_uninitialised_memory?: boolean;
  readonly leaks_reply?: boolean;
}

/** Each string is one interrupt, a nested list too. */
const interruptsOf = (incoming: Frames) => incoming.map((frames) => [frames].flat().map(bytesOf));

/** Gives the recorded interrupts one by one, over all requests of a call. */
function scripted(incoming: Frames): Answering {
  const interrupts = interruptsOf(incoming)[Symbol.iterator]();
  return () => ({ next: () => interrupts.next() });
}

/** Requests as `id:payload`; long ones are cut off, behind which two dots stand. */
function parseSent(text: string): { id: number; payload: Uint8Array; cut: boolean } {
  const [id = '', payload = ''] = text.split(':');
  const cut = payload.endsWith('..');
  return { id: Number(id), payload: bytesOf(cut ? payload.slice(0, -2) : payload), cut };
}

function replay({ client, call, args, incoming, outcome }: Line, options: QcomOptions): Driven<unknown> {
  const sent = (outcome.requests_sent ?? []).map(parseSent).filter(({ cut }) => !cut);
  const run = runOf(call);
  return drive(client, run(qcomCalls(client, options), args, new Recorded(sent)), scripted(incoming));
}

const hexOf = (entries: readonly SglEntry[]) =>
  entries.map((entry) => formatHex(codecOf(sglEntry).toBytes(entry))).join('');

/** What the recorder wrote down of a call that succeeded, made of what ours returned. */
function found(outcome: Outcome, result: unknown): Partial<Outcome> {
  const value = result as never;
  const hex = () => `0x${Number(result).toString(16)}`;
  const makers: { readonly [K in keyof Outcome]?: () => Outcome[K] } = {
    vmid: () => Number(result),
    virq_handle: hex,
    handle: hex,
    ipa: () => `0x${(result as bigint).toString(16)}`,
    status: () => formatHex(codecOf(VM_GET_STATE.reply).toBytes(value)),
    n: () => {
      const counted = result as { entries?: unknown[] } & unknown[];
      return (counted.entries ?? counted).length;
    },
    size: () => Object.keys(value).length && codecOf(VM_QUERY_HEAP_MEMORY.reply).toBytes(value).length,
    n_sgl: () => (result as SglEntry[]).length,
    sgl: () => hexOf(value),
  };
  return Object.fromEntries(
    Object.entries(makers).flatMap(([key, make]) => (key in outcome ? [[key, make()]] : [])),
  );
}

/** The part of an outcome that {@link found} makes. */
function told(outcome: Outcome): Partial<Outcome> {
  const keys = ['vmid', 'virq_handle', 'handle', 'ipa', 'status', 'n', 'size', 'n_sgl', 'sgl'];
  return Object.fromEntries(Object.entries(outcome).filter(([key]) => keys.includes(key)));
}

const lines = qcomLines<Line>('linux-replies.ndjson');
const callLines = lines.filter(({ call }) => call !== 'none');
const title = ({ client, name }: Line) => `${client}: ${name}`;

describe("replies to Qualcomm's interfaces, faithfully", () => {
  it('has the recorded replies', () => {
    expect(lines.length).toBe(330);
  });

  it.each(callLines.map((line) => [title(line), line] as const))('%s', (_title, line) => {
    const { outcome } = line;
    const reported: Hazard[] = [];
    const driven = replay(line, { mode: 'faithful', report: (hazard) => reported.push(hazard) });
    const { error, result, requests, waits } = driven;
    expect(waits).toBe('never_returns' in outcome);
    if (outcome.crash !== undefined) {
      expect(error?.hazard?.effect).toBe('crash');
      expect(error?.hazard?.clients).toContain(line.client);
      return;
    }
    expect(error?.errno).toBe(outcome.errno);
    if (error !== undefined) expect(-errnoNumbers[error.errno]).toBe(outcome.ret);
    else {
      expect(returned(result, requests[0]?.id)).toBe(outcome.ret);
      expect(found(outcome, result)).toEqual(told(outcome));
    }
    const effects = [...reported, ...(error?.hazard ? [error.hazard] : [])].map(({ effect }) => effect);
    if (line.depends_on_uninitialised_memory) expect(effects).toContain('uninitialised_memory');
    // What a heap query returns is its caller's, and the recorder's caller did not free it.
    const handedOn = line.call === 'q_heap_query' && error === undefined;
    if (line.leaks_reply && !handedOn) expect(effects).toContain('leak');
    const recorded = (outcome.requests_sent ?? []).map(parseSent);
    expect(requests.map(({ id }) => id)).toEqual(recorded.map(({ id }) => id));
    for (const [index, { id, payload, cut }] of recorded.entries()) {
      const ours = requests[index]?.payload ?? new Uint8Array(0);
      const size = cut ? payload.length : ours.length;
      expect(formatHex(masked(id, ours.subarray(0, size)))).toBe(formatHex(masked(id, payload)));
    }
  });
});

/** Errno, reply and requests are the real client's, or there is a hazard. */
describe("replies to Qualcomm's interfaces, carefully", () => {
  it('have the same outcome, or a hazard with a name', () => {
    const ended = new Map<string, number>();
    for (const line of callLines) {
      const careful = replay(line, {});
      const faithful = replay(line, { mode: 'faithful' });
      const hazard = careful.error?.hazard;
      if (hazard !== undefined) ended.set(hazard.name, (ended.get(hazard.name) ?? 0) + 1);
      else if (line.args.no_sgl === undefined) expect(careful).toEqual(faithful);
      else expect(careful.requests).toEqual(faithful.requests);
    }
    expect(Object.fromEntries(ended)).toEqual({
      accept_malformed_reply: 3,
      heap_parcels_unread: 2,
      id_entries_overread: 3,
      unset_reply_pointer: 6,
    });
  });
});

describe("notifications of Qualcomm's interfaces", () => {
  const notificationLines = lines.filter(({ call }) => call === 'none');

  /** What the core makes of each notification that the transport delivers. */
  function forwarded({ client, incoming }: Line, options: QcomOptions) {
    const endpoint = new Endpoint(client);
    const calls: QcomCalls = qcomCalls(client, options);
    for (const interrupt of interruptsOf(incoming)) endpoint.receive(() => interrupt.shift());
    const outcomes = [];
    for (let event = endpoint.nextEvent(); event !== undefined; event = endpoint.nextEvent()) {
      if (event.kind !== 'notification') continue;
      const { id, payload = new Uint8Array(0) } = event;
      outcomes.push({ id: formatId(id), ...calls.forwardNotification(id, payload) });
    }
    return outcomes;
  }

  it('has the recorded notifications', () => {
    expect(notificationLines.length).toBe(54);
  });

  it.each(notificationLines.map((line) => [title(line), line] as const))('%s', (_title, line) => {
    const { crash, core_forwarded } = line.outcome;
    for (const mode of ['faithful', 'careful'] as const) {
      const [first, ...others] = forwarded(line, { mode });
      expect(others).toEqual([]);
      if (crash !== undefined) expect(first).toMatchObject({ kind: 'hazard', hazard: { effect: 'crash' } });
      else if (core_forwarded === undefined) expect(first?.kind).toBe('ignored');
      else expect(first).toMatchObject({ kind: 'forwarded', id: core_forwarded });
    }
  });
});
