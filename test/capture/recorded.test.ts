import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { openReader } from '../../src/capture/input/index.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import { emptyPacket, packetWith } from '../../src/capture/packets/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { rulesByName } from '../../src/rpc/index.js';
import { captures, recorded, recordedLines } from '../recorded.js';
import { expectSame } from '../same.js';
import { decoded, encodeLines, expectComesBack, ruleNames } from './recorded-packets.js';

describe.each(captures)('%s', (name) => {
  // The largest recording has nearly all packets: `recorded.tools.test.ts` reads those.
  it.each(name === 'everything.pcapng' ? [] : ruleNames)(
    'comes back from NDJSON packet by packet, by the rules of %s',
    (rules) => expectComesBack(name, rules),
  );

  it('prints NDJSON whose lines are JSON with their keys in the order of the contract', () => {
    const order = [
      'no frame frames sizes time times comment from to type seq id name fragments incomplete announced error request',
      'duplicate_of latency_ns payload rest issues raw',
    ]
      .join(' ')
      .split(' ');
    const inOrder = (line: string) => {
      const places = Object.keys(JSON.parse(line)).map((key) => order.indexOf(key));
      return places.every((place, index) =>
        index === 0 ? place === 0 : place > (places[index - 1] as number),
      );
    };
    expect(decoded(name).lines.filter((line) => !inOrder(line))).toEqual([]);
  });
});

describe('everything.pcapng', () => {
  const { records } = decoded('everything.pcapng');
  const byNo = new Map(records.map((record) => [record.no, record]));
  const isClean = ({ issues, rest }: CaptureRecord) => issues.length === 0 && rest === undefined;

  it('holds 50 637 queue messages, each in exactly one record', () => {
    const frames = records.flatMap(({ packets }) => packets.map(({ frame }) => frame)).sort((a, b) => a - b);
    expectSame(
      frames,
      Array.from({ length: 50_637 }, (_, index) => index + 1),
    );
  });

  it('decodes every request that RM answered with OK; only frame 8254 has bytes that RM ignores', () => {
    const answered = records
      .filter(({ type, error, request }) => type === 'reply' && error === 0 && request !== undefined)
      .map(({ request }) => byNo.get(request as number) as CaptureRecord);
    expect(answered).toHaveLength(16_254);
    expect(answered.filter((record) => !isClean(record)).map(({ packets }) => packets[0]?.frame)).toEqual([
      8254,
    ]);
  });

  it('decodes every reply and notification that RM sent', () => {
    const sent = records.filter(
      ({ from, type, incomplete }) =>
        from === 255 && (type === 'reply' || type === 'notification') && !incomplete,
    );
    expect(sent).toHaveLength(26_374);
    expect(sent.filter((record) => !isClean(record))).toEqual([]);
  });

  it('finds fault with nearly every request that RM refused as MSG_INVALID', () => {
    const refused = records
      .filter(({ type, error, request }) => type === 'reply' && error === 4 && request !== undefined)
      .map(({ request }) => byNo.get(request as number) as CaptureRecord);
    expect(refused.length).toBeGreaterThan(1000);
    // The rest breaks rules that are not of the layout: the smallest length that RM wants of a creation request, reserved
    // words that it checks, exit codes (messages.md, "Checks").
    const unexplained = refused.filter((record) => isClean(record) && record.message?.layout === 'known');
    const names = new Set(unexplained.map(({ message }) => message?.name));
    const byRule = [
      'MEM_ACCEPT',
      'MEM_DONATE',
      'MEM_LEND',
      'MEM_SHARE',
      'VM_EXIT',
      'VM_INIT',
      'VM_SET_FIRMWARE_MEM',
    ];
    expect([...names].sort()).toEqual(byRule);
  });
});

describe('queue messages on their own', () => {
  it('are what their own bytes say, whatever message they belong to', () => {
    const assembler = new Assembler({
      protocol,
      rules: rulesByName.rm as (typeof rulesByName)[string],
      frame({ packet, header, index }) {
        if (header === undefined) return;
        const { view, start } = packet;
        expect(header).toMatchObject({
          type: view.getUint8(start + 1) & 3,
          fragments: view.getUint8(start + 1) >>> 2,
          seq: view.getUint16(start + 2, true),
          msg_id: view.getUint32(start + 4, true),
        });
        if (index !== undefined) expect(index > 0).toBe(header.type === 0);
      },
    });
    const reader = openReader(
      protocol,
      'pcapng',
      (packet) => assembler.packet(packet),
      () => {},
    );
    reader.push(recorded('malformed-framing.pcapng'));
    reader.end();
    assembler.end();
    expect.hasAssertions();
  });
});

describe('the Linux clients', () => {
  interface Requests {
    readonly client: string;
    readonly frames: readonly string[];
  }
  interface Replies {
    readonly incoming: readonly (string | readonly string[])[];
  }

  /** Packets without time or number, as a hex dump gives them. */
  function roundTrip(frames: readonly string[]): void {
    const lines: string[] = [];
    const assembler = new Assembler({
      protocol,
      rules: rulesByName.rm as (typeof rulesByName)[string],
      record: (record) => lines.push(recordLine(protocol, record)),
    });
    frames.forEach((hex, index) => {
      const data = parseHex(hex) as Uint8Array;
      const view = new DataView(data.buffer, data.byteOffset, data.length);
      assembler.packet(packetWith(emptyPacket(), { frame: index + 1, data, view, end: data.length }));
    });
    assembler.end();
    expect(encodeLines(lines).map((text) => text.split(' ').at(-1))).toEqual(frames);
  }

  it.each(['linux-requests.ndjson', 'linux-replies.ndjson'])('%s: every frame comes back', (name) => {
    const lines = recordedLines<Requests & Replies>(name);
    expect(lines.length).toBeGreaterThan(700);
    for (const { frames, incoming } of lines)
      roundTrip((frames ?? incoming.flat()).filter((frame) => frame !== ''));
  });
});
