import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { annotate, codecOf } from '../../src/codec/index.js';
import { fragment, rmRules } from '../../src/rpc/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { recordedLines } from '../recorded.js';
import { expectEqual } from '../same.js';
import { receiveAll } from './frames.js';

/** One message of a call as a client put it on the wire (linux-requests, see the README there). */
interface Line {
  readonly client: string;
  readonly call: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly frames: readonly string[];
  readonly msg_id?: string;
  readonly seq?: number;
}

const lines = recordedLines<Line>('linux-requests.ndjson').filter(({ frames }) => frames.length > 0);

/** The bare call was made with payloads of arbitrary bytes and lengths: only its framing means anything. */
const isBare = ({ call }: Line) => call === 'call';
/** The queue was made to fail after the first queue message. */
const isCut = ({ args }: Line) => 'send_fail_at' in args || 'send_not_ready' in args;
/** Requests that the client itself gets wrong (client.md section 11, messages.md). */
const isFaulty = ({ call, args }: Line) =>
  (call === 'mem_qcom_lookup_sgl' && (args.n_sgl as number) > 512) ||
  (call === 'minidump_register_range' && (args.name as string).length > 255);

function receive({ frames }: Line) {
  return receiveAll(
    frames.map((frame) => parseHex(frame) as Uint8Array),
    rmRules,
  );
}

function payloadIn(line: Line): Uint8Array {
  return parseHex(receive(line).at(-1)?.payload ?? '') as Uint8Array;
}

function layoutOf({ msg_id }: Line) {
  const layout = payloadOf(protocol.byId.get(Number(msg_id)), MessageType.request);
  if (layout === undefined) throw new Error(`no layout for ${msg_id}`);
  return layout;
}

describe('recorded requests of the Linux clients', () => {
  it('are put together, and cut in the same places when sent again', () => {
    const whole = lines.filter((line) => !isCut(line));
    for (const line of whole) {
      const { frames, msg_id, seq = -1 } = line;
      const events = receive(line);
      expectEqual(
        events.map(({ kind }) => kind),
        [...frames.slice(1).map(() => 'part'), 'message'],
      );
      expect(events.at(-1)).toMatchObject({ type: 'request', seq, id: Number(msg_id) });
      const header = { type: MessageType.request, seq, msg_id: Number(msg_id) };
      expectEqual(
        fragment(protocol, header, payloadIn(line)).map((frame) => formatHex(frame)),
        frames,
      );
    }
    expect(whole).toHaveLength(749);
  });

  it('are given up when the client gave up half-way', () => {
    const cut = lines.filter(isCut);
    for (const line of cut)
      expectEqual(
        receive(line).map(({ kind }) => kind),
        ['part', 'abandoned'],
      );
    expect(cut).toHaveLength(4);
  });

  it('decode without an issue, and encode to the same bytes', () => {
    const sound = lines.filter((line) => !isBare(line) && !isFaulty(line));
    for (const line of sound) {
      const payload = payloadIn(line);
      const layout = layoutOf(line);
      const value = codecOf(layout).decode(
        new DataView(payload.buffer, payload.byteOffset),
        0,
        payload.length,
      );
      expect(formatHex(codecOf(layout).toBytes(value))).toBe(formatHex(payload));
      expect(annotate(layout, payload)).toMatchObject({ issues: [], value });
    }
    expect(sound).toHaveLength(705);
  });

  it('do not decode where the client is at fault: bytes are left over', () => {
    const faulty = lines.filter(isFaulty);
    for (const line of faulty) {
      const { issues } = annotate(layoutOf(line), payloadIn(line));
      expect(issues.map(({ code }) => code)).toEqual(['trailing']);
    }
    expect(faulty).toHaveLength(8);
  });
});
