import { WireError } from '../../base/error.js';
import { parseJson } from '../../base/json.js';
import type { Protocol } from '../../schema/index.js';
import {
  type CaptureReader,
  emptyPacket,
  LineSplitter,
  PACKET_SIZE,
  type PacketSink,
  putMessage,
  type WarningSink,
} from '../packets/index.js';
import { refuse } from '../payload/index.js';
import { type LinePacket, linePackets } from './line-packets.js';
import { PacketOrder } from './packet-order.js';

/** Characters of the longest line that is read. The largest message (14 616 bytes) prints as some 130 000 characters. */
const lineSizeMax = 64 * 1024 * 1024;

/**
 * Reads messages as `decode --json` prints them, or as written by hand, and hands on the queue messages that carry them,
 * in the order of their packet numbers. A packet that comes some 16 MiB too late for its place is handed on where it
 * stands, with a warning `order`. Throws WireError whose path and message name the line, and whose offset is
 * that of the line in the file.
 */
export function ndjsonReader(
  protocol: Protocol,
  sink: PacketSink,
  warn: WarningSink = () => {},
): CaptureReader {
  const packet = emptyPacket();
  let last = 0;
  let lineOffset = 0;
  const pass = (item: LinePacket) => {
    last = item.frame ?? last + 1;
    packet.frame = last;
    packet.time = item.time;
    packet.comment = item.comment;
    packet.clock = item.clock;
    packet.queue = item.queue;
    putMessage(packet, item.from, item.to, item.bytes);
    sink(packet);
  };
  const order = new PacketOrder<LinePacket>(pass, {
    sizeOf: ({ bytes, comment }) => PACKET_SIZE + bytes.length + 2 * (comment?.length ?? 0),
    late: (frame) => {
      const message = 'comes too late to be put into its place: later packets are written before it';
      warn({ code: 'order', frame, offset: lineOffset, message });
    },
  });
  // A line without packet numbers is placed behind the line before it.
  let place = 0;
  const lines = new LineSplitter((text, number, offset) => {
    if (text.trim() === '') return;
    lineOffset = offset;
    for (const item of readLine(protocol, text, number, offset)) {
      place = item.frame ?? place;
      order.add(item, place);
    }
  }, lineSizeMax);
  /** Hands on all packets before a bad line, also those that wait for an earlier number. */
  const whole = (read: () => void) => {
    try {
      read();
    } catch (error) {
      order.end();
      throw error;
    }
  };
  return {
    push: (chunk) => whole(() => lines.push(chunk)),
    end() {
      whole(() => lines.end());
      order.end();
    },
  };
}

function readLine(protocol: Protocol, text: string, number: number, offset: number): readonly LinePacket[] {
  try {
    return linePackets(protocol, parseObject(text));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw error.within(`line ${number}: `, { offset });
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  return refuse('', 'a JSON object', value, 'json');
}
