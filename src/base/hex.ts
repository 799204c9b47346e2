import { Buffer } from 'buffer/index.js';
import { plainBytes } from './bytes.js';

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const digits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const ascii = new TextDecoder();
/** Bytes whose hex is made at once. */
const PIECE_SIZE = 1 << 16;
let scratch = new Uint8Array(0);

/** Lower-case hex of bytes [start, end), up to 256 MiB: a longer text than 2^29 characters is not possible. */
export function formatHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  // Most runs in payloads are short: a decoder would take longer than this loop.
  if (end - start <= 64) for (let at = start; at < end; at++) text += pairs[bytes[at] as number];
  // Longer ones not: the text would take 16 bytes of memory for each digit.
  else for (const piece of hexPieces(bytes, start, end)) text += piece;
  return text;
}

/** As {@link formatHex}, in texts of some 128 KiB: for bytes of any number. */
export function* hexPieces(bytes: Uint8Array, start = 0, end = bytes.length): Generator<string> {
  for (let at = start; at < end; at += PIECE_SIZE) yield hexPiece(bytes, at, Math.min(end, at + PIECE_SIZE));
}

function hexPiece(bytes: Uint8Array, start: number, end: number): string {
  const size = 2 * (end - start);
  if (scratch.length < size) scratch = new Uint8Array(size);
  for (let at = start, to = 0; at < end; at++) {
    const byte = bytes[at] as number;
    scratch[to++] = digits[byte >>> 4] as number;
    scratch[to++] = digits[byte & 15] as number;
  }
  return ascii.decode(scratch.subarray(0, size));
}

/** The bytes of hex text; undefined unless the text consists of pairs of hex digits. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return plainBytes(Buffer.from(text, 'hex'));
}

/** Bytes per line of an array literal. */
const arrayRowSize = 16;

/** Bytes as the inside of an array literal, in rows. */
export function arrayRows(bytes: Uint8Array, margin: string): string[] {
  const rows: string[] = [];
  for (let start = 0; start < bytes.length; start += arrayRowSize) {
    const row = Array.from(
      bytes.subarray(start, start + arrayRowSize),
      (byte) => `0x${byte.toString(16).padStart(2, '0')}`,
    );
    rows.push(`${margin}${row.join(', ')},`);
  }
  return rows;
}
