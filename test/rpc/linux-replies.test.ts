import { describe, expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import { headerReader, Reassembler, rulesOf } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { recordedLines } from '../recorded.js';
import { toy } from '../toy.js';
import { type Event, Recorder } from './frames.js';

/** What a client was sent while it waited for the reply to its request (linux-replies, see the README there). */
interface Line {
  readonly client: string;
  readonly call: string;
  readonly name: string;
  /** A nested list came in one interrupt. */
  readonly incoming: readonly (string | readonly string[])[];
  readonly outcome: {
    readonly ret?: number;
    readonly errno?: string;
    readonly payload?: string;
    readonly resp_size?: number | null;
    readonly never_returns?: boolean;
    readonly crash?: string;
    readonly notifications?: readonly { readonly id: string }[];
    readonly requests_sent?: readonly string[];
  };
}

/** The lines that are about the RPC alone: one request 0x56000017 with seq 0, whatever the payloads mean. */
const lines = recordedLines<Line>('linux-replies.ndjson').filter(({ call }) =>
  /^g(h|unyah)_rm_call$/.test(call),
);
const seq = 0;
const id = 0x56000017;

/** Rows that are not about putting fragments together, by name, with the reason. */
const others: readonly [RegExp, string][] = [
  [/^reply of (8|9|10|11) bytes/, 'clients refuse a reply without an error word, a rule about payloads'],
  [/^fragment count 63/, 'clients run out of memory on it; to a reassembler it is malformed'],
  [/at once by the start of another/, 'outlives the call, which is at an end here'],
  [/back to back/, 'the second overwrites the first before the caller wakes up'],
  [/^no answer at all/, 'nothing to put together'],
];
/** q515 looks neither at the version nor at unknown numbers, and its own memory errors are not modelled. */
const q515Others = [/^version byte/, /^bad version/, /^empty notification/];

function isAboutFragments({ client, name, outcome }: Line): boolean {
  if (others.some(([pattern]) => pattern.test(name))) return false;
  return (
    client !== 'q515' || (outcome.crash === undefined && !q515Others.some((pattern) => pattern.test(name)))
  );
}

const header = headerReader(toy);

function play({ client, incoming }: Line): Event[] {
  const recorder = new Recorder();
  const { events } = recorder;
  const done = () => events.some(({ kind, type }) => type === 'reply' && /message|abandoned/.test(kind));
  const reassembler = new Reassembler(
    toy,
    recorder,
    rulesOf(client),
    (replySeq, replyId) => replySeq === seq && replyId === id && !done(),
  );
  const queue: string[] = [];
  for (const interrupt of incoming) {
    queue.push(...(typeof interrupt === 'string' ? [interrupt] : interrupt));
    while (queue.length > 0) {
      const bytes = parseHex(queue.shift() as string) as Uint8Array;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      reassembler.receive(view, 0, bytes.length);
      // v17 and a15 then leave the rest in the queue until the next interrupt (client.md section 2).
      const fault = header.fault(view, 0, bytes.length)?.code;
      const type = bytes.length < 8 ? undefined : header.read(view, 0).type;
      if (/v17|a15/.test(client) && (fault === 'api' || type === MessageType.request)) break;
    }
  }
  return events;
}

describe('recorded reactions of the Linux clients', () => {
  it.each(lines.filter(isAboutFragments).map((line) => [line.client, line.name, line] as const))(
    '%s: %s',
    (_client, _name, line) => {
      const { outcome } = line;
      const events = play(line);
      // What ends the call is the first end of a message that is its reply.
      const end = events.find(
        ({ kind, ...event }) =>
          /message|abandoned/.test(kind) && event.type === 'reply' && event.seq === seq && event.id === id,
      );
      if (outcome.never_returns) expect(end).toBeUndefined();
      else if (outcome.errno === 'EIO') expect(end?.kind).toBe('abandoned');
      else {
        const payload = parseHex(end?.payload ?? '') as Uint8Array;
        expect([end?.kind, payload.length >= 4]).toEqual(['message', true]);
        const error = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
        expect(error === 0).toBe(outcome.ret === 0);
        if (outcome.payload !== undefined) expect(end?.payload?.slice(8)).toBe(outcome.payload);
      }
      const heard = events.filter(({ kind, type }) => kind === 'message' && type === 'notification');
      expect(heard.map((event) => `0x${event.id?.toString(16)}`)).toEqual(
        (outcome.notifications ?? []).map((notification) => notification.id),
      );
    },
  );

  it('are mostly about fragments, and the rest is left out for a reason', () => {
    const byClient = (some: readonly Line[]) =>
      ['a14', 'v17', 'a15', 'q515'].map((name) => some.filter(({ client }) => client === name).length);
    expect(byClient(lines)).toEqual([63, 61, 61, 68]);
    expect(byClient(lines.filter(isAboutFragments))).toEqual([57, 53, 53, 44]);
  });
});
