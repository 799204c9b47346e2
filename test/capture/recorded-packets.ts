import { expect } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { ndjsonReader, recordLine } from '../../src/capture/ndjson/index.js';
import type { Packet } from '../../src/capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../../src/capture/records/index.js';
import { rulesByName } from '../../src/rpc/index.js';
import { recorded } from '../recorded.js';
import { expectSame } from '../same.js';

export const ruleNames = Object.keys(rulesByName);

/** Everything that must come back of a packet. */
function describePacket({ frame, time, from, to, comment, data, start, end }: Packet): string {
  return [frame, time, from, to, comment, formatHex(data, start, end)].join(' ');
}

/** Reads a capture into packets (as text) and records. */
function decodeCapture(
  bytes: Uint8Array,
  rules = 'rm',
): { packets: string[]; records: CaptureRecord[]; lines: string[] } {
  const packets: string[] = [];
  const records: CaptureRecord[] = [];
  const lines: string[] = [];
  const assembler = new Assembler({
    protocol,
    rules: rulesByName[rules] as (typeof rulesByName)[string],
    record(record) {
      records.push(record);
      lines.push(recordLine(protocol, record));
    },
  });
  const format = detectFormat(bytes.subarray(0, 65_536));
  if (format === undefined || format === 'ndjson') throw new Error(`format ${format}`);
  const sink = (packet: Packet) => {
    packets.push(describePacket(packet));
    assembler.packet(packet);
  };
  const reader = openReader(protocol, format, sink, (warning) => expect(warning).toBeUndefined());
  reader.push(bytes);
  reader.end();
  assembler.end();
  return { packets, records, lines };
}

/** What NDJSON holds, packet by packet. */
export function encodeLines(lines: readonly string[]): string[] {
  const packets: string[] = [];
  const reader = ndjsonReader(protocol, (packet) => packets.push(describePacket(packet)));
  reader.push(new TextEncoder().encode(lines.join('')));
  reader.end();
  return packets;
}

/** What captures hold by the rules of RM, which most tests ask. */
const byRm = new Map<string, ReturnType<typeof decodeCapture>>();

/** What a capture holds. */
export function decoded(name: string, rules = 'rm'): ReturnType<typeof decodeCapture> {
  const known = rules === 'rm' ? byRm.get(name) : undefined;
  const result = known ?? decodeCapture(recorded(name), rules);
  if (rules === 'rm') byRm.set(name, result);
  return result;
}

/** Expects every packet of a capture to come back from the NDJSON of its messages. */
export function expectComesBack(name: string, rules: string): void {
  const { packets, lines } = decoded(name, rules);
  expect(packets.length).toBeGreaterThan(0);
  expectSame(encodeLines(lines), packets);
}
