import { describe, expect, it } from 'vitest';
import * as schemas from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { errnoNumbers } from '../../src/host/index.js';
import { playRequests, type Stub } from './play.js';
import { isQcom, masked, qcomTable } from './qcom-calls.js';
import {
  type Args,
  type CallTable,
  groupCalls,
  type RequestLine,
  requestLines,
  requestOf,
} from './vectors.js';

/** Payloads of the recorder's OK replies: VMID 128, handles from 0x42, slot 7 and so on. */
const replies = new Map<number, string>([
  [schemas.VM_ALLOC_VMID.id, '80000000'],
  [schemas.VM_GET_STATE.id, '03040500'],
  [schemas.VM_GET_HYP_RESOURCES.id, '00000000'],
  [schemas.VM_GET_ID.id, '00000000'],
  [schemas.VM_LOOKUP_NAME.id, '010000002d000000'],
  [schemas.VM_LOOKUP_URI.id, '010000002d000000'],
  [schemas.VM_LOOKUP_GUID.id, '010000002d000000'],
  [schemas.VM_IRQ_LEND.id, '42000000'],
  [schemas.VM_IRQ_ACCEPT.id, '55000000'],
  [schemas.VM_MINIDUMP_GET_INFO.id, '07000000'],
  [schemas.VM_MINIDUMP_REGISTER_RANGE.id, '07000000'],
  [schemas.VM_MINIDUMP_GET_SLOT_NUMBER.id, '07000000'],
  [schemas.IPA_RESERVE.id, '010000000000008000000000'],
  [schemas.MEM_SHARE.id, '42000000'],
  [schemas.MEM_LEND.id, '42000000'],
  [schemas.MEM_DONATE.id, '42000000'],
  [schemas.MEM_QCOM_LOOKUP_SGL.id, '42000000'],
]);

const HEAP_STATS_SIZE = 32;

/** Those of the replies that depend on the request, or on the case. */
const stubFor =
  (args: Args): Stub =>
  ({ id, payload }) => {
    if (id === schemas.VM_GET_VMID.id) return `${formatHex(Uint8Array.of(Number(args.self ?? 3)))}000000`;
    if (id === schemas.MEM_ACCEPT.id) return args.no_sgl ? '0100000000000040000000000010000000000000' : '';
    if (id === schemas.VM_QUERY_HEAP_MEMORY.id) return '00'.repeat(payload[4] === 2 ? HEAP_STATS_SIZE : 4);
    return replies.get(id) ?? '';
  };

const careful = qcomTable('careful');
const faithful = qcomTable('faithful');

const play = (lines: readonly RequestLine[], table: CallTable) =>
  playRequests(lines, table, stubFor(lines[0]?.args ?? {}));

/** The queue messages of a request, with the uninitialised bytes of its payload as zeros. */
function withoutNoise({ frames }: RequestLine): string[] {
  if (frames.length === 0) return [];
  const payload = formatHex(masked(requestOf(frames)));
  let start = 0;
  return frames.map((frame) => {
    const size = frame.length - 16;
    start += size;
    return frame.slice(0, 16) + payload.slice(start - size, start);
  });
}

const calls = groupCalls(requestLines.filter(isQcom));
const title = ([line]: readonly RequestLine[]) =>
  `${line?.client} ${line?.call} ${JSON.stringify(line?.args, (_key, value) => (typeof value === 'bigint' ? `${value}` : value))}`;

describe("recorded requests of Qualcomm's interfaces", () => {
  it('are all there', () => {
    expect([calls.length, calls.flat().length]).toEqual([441, 516]);
  });

  it.each(calls.map((lines) => [title(lines), lines] as const))('%s', (_title, lines) => {
    const [{ ret, errno }] = lines as [RequestLine];
    const { driver, hazards } = play(lines, faithful);
    const { settled, transmitted } = driver;
    if (settled === undefined) throw new Error('did not return');
    if (ret === null) {
      expect(hazards.map(({ effect }) => effect)).toContain('crash');
      return;
    }
    if ('error' in settled) {
      const { error } = settled;
      expect([error.errno, -errnoNumbers[error.errno]]).toEqual([errno, ret]);
    } else expect([undefined, settled.value.ret]).toEqual([errno, ret]);
    expect(transmitted.map(({ frame }) => formatHex(frame))).toEqual(lines.flatMap(withoutNoise));
    expect(transmitted.map(({ push }) => Number(push))).toEqual(lines.flatMap(({ push = [] }) => push));
  });

  it('are the same when ours is careful, or are not made for a hazard with a name', () => {
    const refused: Record<string, number> = {};
    for (const lines of calls.filter(([line]) => Number(line?.args.n_sgl ?? 0) < 1000)) {
      const { settled, requests } = play(lines, careful).driver;
      const hazard = settled !== undefined && 'error' in settled ? settled.error.hazard : undefined;
      if (hazard === undefined) expect(requests).toEqual(play(lines, faithful).driver.requests);
      else refused[hazard.name] = (refused[hazard.name] ?? 0) + 1;
    }
    expect(refused).toEqual({
      accept_cut_off: 1,
      accept_overruns_request: 1,
      lookup_sgl_cut_off: 7,
      minidump_name_size_wraps: 2,
    });
  });
});
