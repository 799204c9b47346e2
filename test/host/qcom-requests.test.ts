import { describe, expect, it } from 'vitest';
import * as schemas from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import type { QcomOptions } from '../../src/host/calls/qcom/index.js';
import { errnoNumbers } from '../../src/host/index.js';
import { fragment } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
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

/** One request of a call, or all there is of a call that sent none. */
interface Line {
  readonly client: QcomName;
  readonly call: string;
  readonly args: Args;
  readonly ret: number | null;
  readonly errno?: keyof typeof errnoNumbers;
  readonly part?: number;
  readonly msg_id?: string;
  readonly frames: readonly string[];
  readonly push?: readonly number[];
}

/** The lines of each call: the next part of the same call, or the first of another. */
function callsOf(lines: readonly Line[]): Line[][] {
  const calls: Line[][] = [];
  for (const line of lines) {
    const last = calls.at(-1);
    if (last !== undefined && (line.part ?? 0) === last.length && line.part !== 0 && line.part !== undefined)
      last.push(line);
    else calls.push([line]);
  }
  return calls;
}

const u32 = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);

/** The payload of the recorder's OK replies: VMID 128, handles from 0x42, slot 7 and so on. */
function stubReply(name: string, payload: Uint8Array, args: Args, nextHandle: () => number): Uint8Array {
  switch (name) {
    case 'VM_ALLOC_VMID':
      return u32(128);
    case 'MEM_SHARE':
    case 'MEM_LEND':
    case 'MEM_DONATE':
    case 'MEM_QCOM_LOOKUP_SGL':
      return u32(nextHandle());
    case 'VM_GET_VMID':
      return u32(Number(args.self ?? 3));
    case 'VM_GET_STATE':
      return Uint8Array.of(3, 4, 5, 0);
    case 'VM_GET_HYP_RESOURCES':
    case 'VM_GET_ID':
      return u32(0);
    case 'VM_LOOKUP_NAME':
    case 'VM_LOOKUP_URI':
    case 'VM_LOOKUP_GUID':
      return u32(1, 45);
    case 'VM_IRQ_LEND':
      return u32(0x42);
    case 'VM_IRQ_ACCEPT':
      return u32(85);
    case 'VM_MINIDUMP_GET_INFO':
    case 'VM_MINIDUMP_REGISTER_RANGE':
    case 'VM_MINIDUMP_GET_SLOT_NUMBER':
      return u32(7);
    case 'IPA_RESERVE':
      return u32(1, 0x80000000, 0);
    case 'VM_QUERY_HEAP_MEMORY':
      return new Uint8Array(payload[4] === 2 ? 32 : 4);
    case 'MEM_ACCEPT':
      return args.no_sgl ? u32(1, 0x40000000, 0, 0x1000, 0) : new Uint8Array(0);
    default:
      return new Uint8Array(0);
  }
}

/** The recorder's manager: OK, but for the request that a case lets fail. */
function stub(args: Args): Answering {
  let count = 0;
  let handle = 0x42;
  return function* (name, id, payload, seq) {
    const fails = Number(args.fail_nth ?? -1) === count++;
    const data = fails ? new Uint8Array(0) : stubReply(name, payload, args, () => handle++);
    const reply = new Uint8Array([...u32(fails ? Number(args.fail_err) : 0), ...data]);
    yield fragment(schemas.protocol, { type: MessageType.reply, seq, msg_id: id }, reply);
  };
}

const payloadOf = (frames: readonly string[]) => bytesOf(frames.map((frame) => frame.slice(16)).join(''));

function replay(parts: readonly Line[], options: QcomOptions): Driven<unknown> {
  const [{ client, call, args }] = parts as [Line];
  const sent = parts.filter(({ msg_id }) => msg_id !== undefined);
  const recorded = new Recorded(
    sent.map(({ msg_id, frames }) => ({ id: Number(msg_id), payload: payloadOf(frames) })),
  );
  const run = runOf(call);
  return drive(client, run(qcomCalls(client, options), args, recorded), stub(args));
}

/** The frames of a request, with the uninitialised bytes of its payload as zeros. */
function withoutNoise(id: number, frames: readonly string[]): string[] {
  const payload = masked(id, payloadOf(frames));
  let start = 0;
  return frames.map((frame) => {
    const size = frame.length / 2 - 8;
    start += size;
    return frame.slice(0, 16) + formatHex(payload, start - size, start);
  });
}

const lines = qcomLines<Line>('linux-requests.ndjson');
const calls = callsOf(lines);
const title = ([{ client, call, args }]: [Line]) => `${client} ${call} ${JSON.stringify(args)}`;
const cases = calls.map((parts) => [title(parts as [Line]), parts] as const);

describe("requests of Qualcomm's interfaces, faithfully", () => {
  it('has the recorded calls', () => {
    expect(lines.length).toBe(516);
    expect(calls.flat().length).toBe(lines.length);
  });

  it.each(cases)('%s', (_title, parts) => {
    const [{ ret, errno, args }] = parts as [Line];
    const { frames, error, result, waits, requests } = replay(parts, { mode: 'faithful' });
    expect(waits).toBe(false);
    if (ret === null) {
      expect(error?.hazard?.effect).toBe('crash');
      return;
    }
    expect(error?.errno).toBe(errno);
    if (error !== undefined) expect(-errnoNumbers[error.errno]).toBe(ret);
    else expect(returned(result, requests[0]?.id)).toBe(ret);
    const recorded = parts.flatMap((line) =>
      line.msg_id === undefined ? [] : withoutNoise(Number(line.msg_id), line.frames),
    );
    expect(frames.map(({ frame }) => formatHex(frame))).toEqual(recorded);
    expect(frames.map(({ push }) => Number(push))).toEqual(parts.flatMap(({ push = [] }) => push));
    expect(args).toBeDefined();
  });
});

describe("requests of Qualcomm's interfaces, carefully", () => {
  it('are the same, or are not made for a hazard with a name', () => {
    const refused = new Map<string, number>();
    for (const parts of calls) {
      const careful = replay(parts, {});
      const hazard = careful.error?.hazard;
      if (hazard !== undefined) refused.set(hazard.name, (refused.get(hazard.name) ?? 0) + 1);
      else expect(careful.frames).toEqual(replay(parts, { mode: 'faithful' }).frames);
    }
    expect(Object.fromEntries(refused)).toEqual({
      accept_overruns_request: 2,
      lookup_sgl_cut_off: 7,
      minidump_name_size_wraps: 2,
    });
  });
});
