import { describe, expect, it } from 'vitest';
import { protocol, VM_GET_STATE, VM_QUERY_HEAP_MEMORY, VM_START } from '../../schemas/index.js';
import {
  Assembler,
  type CaptureRecord,
  type Frame,
  type Outstanding,
} from '../../src/capture/records/index.js';
import { holdLimits, PART_SIZE } from '../../src/capture/records/limits.js';
import { rmRules } from '../../src/rpc/index.js';
import { heldMemory } from '../held-memory.js';
import { assemble, frame, packetOf } from './capture.js';

const start = (seq: number) => frame(1, 0, seq, VM_START.id, '80000000');
const started = (seq: number) => frame(2, 0, seq, VM_START.id, '00000000');

describe('replies and requests', () => {
  it('are matched by VM, seq and id, with the time between', () => {
    const records = assemble([
      [3, 255, start(7)],
      [128, 255, start(7)],
      [255, 128, started(7)],
      [255, 3, started(7)],
    ]);
    expect(records.map(({ request, latencyNs }) => [request, latencyNs])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [2, 1000],
      [1, 3000],
    ]);
  });

  it('do not match another id, another seq, or a second reply', () => {
    const records = assemble([
      [3, 255, start(7)],
      [255, 3, started(8)],
      [255, 3, frame(2, 0, 7, VM_GET_STATE.id, '00000000')],
      [255, 3, started(7)],
      [255, 3, started(7)],
    ]);
    expect(records.map(({ request }) => request)).toEqual([undefined, undefined, undefined, 1, undefined]);
  });

  it('tells a repeated request, and a number taken over by another', () => {
    const lost: Pick<Outstanding, 'no' | 'name'>[] = [];
    const records = assemble(
      [
        [3, 255, start(7)],
        [3, 255, start(7)],
        [3, 255, start(7)],
        [3, 255, frame(1, 0, 7, VM_GET_STATE.id, '80000000')],
        [255, 3, started(7)],
        [3, 255, start(8)],
      ],
      { unanswered: ({ no, name }) => lost.push({ no, name }) },
    );
    expect(records.map(({ duplicateOf }) => duplicateOf)).toEqual([
      undefined,
      1,
      1,
      undefined,
      undefined,
      undefined,
    ]);
    expect(records[4]?.request).toBeUndefined();
    expect(lost.map(({ no, name }) => [no, name])).toEqual([
      [1, 'VM_START'],
      [4, 'VM_GET_STATE'],
      [6, 'VM_START'],
    ]);
  });

  it('decode a reply whose layout its request decides, and keep the bytes when that was not seen', () => {
    const query = frame(1, 0, 1, VM_QUERY_HEAP_MEMORY.id, '0000000001000000');
    const reply = frame(2, 0, 1, VM_QUERY_HEAP_MEMORY.id, '000000000100000042000000');
    const [, seen] = assemble([
      [3, 255, query],
      [255, 3, reply],
    ]);
    expect(seen).toMatchObject({ payload: { mem_handles: [0x42] }, issues: [], complete: true });
    const [unseen] = assemble([[255, 3, reply]]);
    expect(unseen).toMatchObject({ payload: {}, issues: [], rest: Uint8Array.of(1, 0, 0, 0, 0x42, 0, 0, 0) });
  });
});

describe('what is no whole message', () => {
  const first = frame(1, 2, 1, VM_START.id, '80');
  const next = frame(0, 2, 1, VM_START.id, '00');

  it('is a record of its own', () => {
    const records = assemble([
      [3, 255, next],
      [3, 255, first],
      [3, 255, next],
      [3, 255, frame(0, 1, 1, VM_START.id)],
      [3, 255, start(2)],
      [3, 255, '21'],
      [3, 255, '2201000004000056'],
      [3, 255, `21fd${'00'.repeat(6)}`],
      [128, 255, first],
    ]);
    expect(
      records.map(({ type, incomplete, packets }) => [
        type,
        incomplete,
        packets.map((packet) => packet.frame),
      ]),
    ).toEqual([
      ['continuation', false, [1]],
      ['continuation', false, [4]],
      ['request', true, [2, 3]],
      ['request', false, [5]],
      ['malformed', false, [6]],
      ['malformed', false, [7]],
      ['malformed', false, [8]],
      ['request', true, [9]],
    ]);
    expect(records[2]).toMatchObject({ announced: 2, raw: Uint8Array.of(0x80, 0) });
    expect(records.slice(4, 7).map(({ issues }) => issues[0]?.code)).toEqual(['short', 'api', 'fragments']);
  });

  it('differs by the rules of a client, for what RM sends only', () => {
    const lend = (seq: number, type: number) => frame(type, 1, seq, 0x51100011, '00'.repeat(4));
    const messages = [
      [255, 3, lend(1, 3)],
      [255, 3, frame(0, 1, 9, 0x51100011, '00'.repeat(4))],
      [128, 255, lend(1, 1)],
      [128, 255, frame(0, 1, 9, 0x51100011, '00'.repeat(4))],
    ] as const;
    const types = (rulesName: string) =>
      assemble(messages, { rulesName }).map(({ type, incomplete }) => [type, incomplete]);
    const rmStays = [
      ['continuation', false],
      ['request', true],
    ];
    expect(types('a14')).toEqual([['notification', false], ...rmStays]);
    expect(types('rm')).toEqual([
      ['continuation', false],
      ['continuation', false],
      ['notification', true],
      ['request', true],
    ]);
  });

  it('keeps the queue message above 240 bytes, with an issue', () => {
    const payload = `${'00'.repeat(2)}${(300).toString(16).padStart(4, '0').match(/../g)?.reverse().join('')}${'41'.repeat(300)}`;
    const [record] = assemble([[3, 255, frame(1, 0, 1, 0x56000083, payload)]]);
    expect(record).toMatchObject({ type: 'request', complete: true });
    expect(record?.issues).toEqual([{ code: 'size', path: '', offset: 240, expected: 240, actual: 312 }]);
  });
});

describe('a dump that names no VMs', () => {
  it('goes from HLOS to RM and back, continuations where the message before them went', () => {
    const records = assemble([
      [undefined, undefined, start(1)],
      [undefined, undefined, started(1)],
      [undefined, undefined, frame(2, 1, 5, VM_GET_STATE.id, '00')],
      [undefined, undefined, frame(0, 1, 5, VM_GET_STATE.id, '000000')],
    ]);
    expect(records.map(({ from, to }) => [from, to])).toEqual([
      [3, 255],
      [255, 3],
      [255, 3],
    ]);
  });
});

describe('queue messages on their own', () => {
  it('have their place in the message, or none', () => {
    const frames: (number | undefined)[] = [];
    const seen: (string | undefined)[] = [];
    assemble(
      [
        [3, 255, frame(1, 2, 1, VM_START.id)],
        [3, 255, frame(0, 2, 1, VM_START.id)],
        [3, 255, frame(0, 2, 2, VM_START.id)],
        [3, 255, frame(0, 2, 1, VM_START.id)],
        [3, 255, start(2)],
        [3, 255, ''],
      ],
      {
        frame: ({ index, issues }: Frame) => {
          frames.push(index);
          seen.push(issues[0]?.code);
        },
      },
    );
    expect(frames).toEqual([0, 1, undefined, 2, 0, undefined]);
    expect(seen).toEqual([undefined, undefined, undefined, undefined, undefined, 'short']);
  });
});

describe('what is held', () => {
  const limits = { partBytes: 1 << 20, requests: 1000, streams: 100 };
  const firstPart = (seq: number) => frame(1, 62, seq, VM_START.id, '00');
  const codes = (records: readonly CaptureRecord[]) =>
    records.filter(({ issues }) => issues[0]?.code === 'given_up').map(({ packets }) => packets[0]?.frame);

  it('of messages in progress is limited: the oldest are given up and say so', () => {
    const part = frame(1, 62, 1, VM_START.id, '00'.repeat(232));
    const records = assemble(
      [1, 2, 3, 4, 5].map((from) => [from, 255, part]),
      {
        limits: { ...limits, partBytes: 3 * (232 + PART_SIZE) + 1 },
      },
    );
    expect(codes(records)).toEqual([1, 2]);
    expect(records.map(({ no, incomplete, raw }) => [no, incomplete, raw?.length])).toEqual(
      [1, 2, 3, 4, 5].map((no) => [no, true, 232]),
    );
    expect(records[0]?.issues[0]).toMatchObject({ path: '', actual: 4 * (232 + PART_SIZE) });
  });

  it('of requests is limited: the oldest count as unanswered', () => {
    const lost: number[] = [];
    const records = assemble(
      [
        ...[1, 2, 3, 4].map((seq) => [3, 255, start(seq)] as const),
        [255, 3, started(1)],
        [255, 3, started(4)],
      ],
      { limits: { ...limits, requests: 2 }, unanswered: ({ no }) => lost.push(no) },
    );
    expect(lost).toEqual([1, 2, 3]);
    expect(records.map(({ request }) => request).slice(4)).toEqual([undefined, 4]);
  });

  it('of pairs of VMs is limited: what ends because of a reply comes before the reply', () => {
    const records = assemble(
      [
        [3, 255, firstPart(1)],
        [4, 255, firstPart(1)],
        [255, 5, started(1)],
      ],
      { limits: { ...limits, streams: 3 } },
    );
    expect(codes(records)).toEqual([1, 2]);
    expect(records.map(({ no, type }) => [no, type])).toEqual([
      [1, 'request'],
      [2, 'request'],
      [3, 'reply'],
    ]);
  });

  it('of pairs of VMs is limited: those that were silent longest end', () => {
    const lost: number[] = [];
    const froms = Array.from({ length: 101 }, (_, index) => 1000 + index);
    const records = assemble(
      [
        [3, 255, start(1)],
        ...froms.map((from) => [from, 255, firstPart(1)] as const),
        [255, 3, started(1)],
        [froms[100], 255, frame(0, 62, 1, VM_START.id, '00')],
      ],
      { limits, unanswered: ({ no }) => lost.push(no) },
    );
    expect(lost).toEqual([1]);
    expect(codes(records)).toEqual(Array.from({ length: 49 }, (_, index) => index + 2));
    expect(records.map(({ no }) => no)).toEqual(records.map((_, index) => index + 1));
    expect(records.at(-1)?.packets).toHaveLength(2);
  });

  it('holds 20 MB of 100 000 messages that never complete, each of another VM', () => {
    const before = heldMemory();
    const assembler = new Assembler({ protocol, rules: rmRules });
    const packet = packetOf(1, 0, 255, firstPart(1));
    for (let from = 0; from < 100_000; from++) {
      packet.from = from & 0xffff;
      packet.to = from >>> 16;
      assembler.packet(packet);
    }
    const held = heldMemory() - before;
    expect(assembler.state.streams.length).toBeLessThanOrEqual(holdLimits.streams);
    expect(held).toBeLessThan(20e6);
  });

  it('does not grow with requests that are never answered', () => {
    let lost = 0;
    const assembler = new Assembler({ protocol, rules: rmRules, unanswered: () => void lost++ });
    const packet = packetOf(1, 3, 255, start(0));
    for (let index = 0; index < 100_000; index++) {
      packet.from = 3 + (index >>> 16);
      packet.view.setUint16(2, index & 0xffff, true);
      assembler.packet(packet);
    }
    expect(lost).toBe(100_000 - 2 ** 13);
  });
});
