import { type ByteWriter, putNineDigits, putPrepared } from '../../base/byte-writer.js';
import { formatTime, SecondTexts } from '../../base/time.js';
import type { PacketTime } from '../packets/index.js';

const seconds = new SecondTexts((text) => `"${text}`);

/** A time in nanoseconds, to be taken as halves. */
const halves = new DataView(new ArrayBuffer(8));
const MAX = 2n ** 64n - 1n;

/**
 * Writes a time that is known as halves, as JSON text, without making a bigint. False, and nothing written, for any other
 * time.
 */
export function writeTime(time: PacketTime | undefined, writer: ByteWriter): boolean {
  if (time === undefined || !time.isSplit) return false;
  writeHalves(time.high, time.low, writer);
  return true;
}

/** Writes nanoseconds since 1970 UTC as JSON text. */
export function writeNs(ns: bigint, writer: ByteWriter): void {
  if (ns < 0n || ns > MAX) {
    writer.text(`"${formatTime(ns)}"`);
    return;
  }
  halves.setBigUint64(0, ns);
  writeHalves(halves.getUint32(0), halves.getUint32(4), writer);
}

function writeHalves(high: number, low: number, writer: ByteWriter): void {
  seconds.take(high, low);
  const { text, rest } = seconds;
  writer.room(text.size + 11);
  const { view } = writer;
  const at = putNineDigits(view, putPrepared(view, writer.at, text), rest);
  view.setInt16(at, 0x225a, true);
  writer.at = at + 2;
}
