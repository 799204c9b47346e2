import { type ByteWriter, putNineDigits, putPrepared } from '../../base/byte-writer.js';
import { SecondTexts } from '../../base/time.js';
import type { PacketTime } from '../packets/index.js';

const seconds = new SecondTexts((text) => `"${text}`);

/**
 * Writes a time that is known as halves, as JSON text, without making a bigint. False, and nothing written, for any other
 * time.
 */
export function writeTime(time: PacketTime | undefined, writer: ByteWriter): boolean {
  if (time === undefined || !time.isSplit) return false;
  seconds.take(time.high, time.low);
  const { text, rest } = seconds;
  writer.room(text.size + 11);
  const { view } = writer;
  const at = putNineDigits(view, putPrepared(view, writer.at, text), rest);
  view.setInt16(at, 0x225a, true);
  writer.at = at + 2;
  return true;
}
