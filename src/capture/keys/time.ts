import { type ByteWriter, preparedText, putNineDigits, putPrepared } from '../../base/byte-writer.js';
import { formatTime } from '../../base/time.js';
import type { PacketTime } from '../packets/index.js';

const NS_PER_SECOND = 1_000_000_000;

/** The second whose text was made last: successive packets are mostly within one. */
let knownSecond = -1;
let knownText = preparedText('');

/**
 * Writes a time that is known as halves, as JSON text, without making a bigint. False, and nothing written, for any other
 * time.
 */
export function writeTime(time: PacketTime | undefined, writer: ByteWriter): boolean {
  if (time === undefined || !time.isSplit) return false;
  const { high, low } = time;
  let second = Math.floor((high * 0x1_0000_0000 + low) / NS_PER_SECOND);
  // The sum is rounded, so that the second may be the one before or behind. The rest is exact modulo 2^32.
  let rest = (low - Math.imul(second, NS_PER_SECOND)) >>> 0;
  if (rest >= NS_PER_SECOND) {
    const isBefore = rest > 0x8000_0000;
    second += isBefore ? -1 : 1;
    rest = (isBefore ? rest + NS_PER_SECOND : rest - NS_PER_SECOND) >>> 0;
  }
  if (second !== knownSecond) {
    const text = formatTime(BigInt(second) * BigInt(NS_PER_SECOND));
    knownText = preparedText(`"${text.slice(0, text.indexOf('.') + 1)}`);
    knownSecond = second;
  }
  writer.room(knownText.size + 11);
  const { view } = writer;
  const at = putNineDigits(view, putPrepared(view, writer.at, knownText), rest);
  view.setInt16(at, 0x225a, true);
  writer.at = at + 2;
  return true;
}
