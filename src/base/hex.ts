import { Buffer } from 'buffer/index.js';

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex of bytes [start, end). */
export function formatHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  // Most runs in payloads are short: making a view would take longer than this loop.
  if (end - start > 64)
    return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, end - start).toString('hex');
  let text = '';
  for (let index = start; index < end; index++) text += pairs[bytes[index] as number];
  return text;
}

/** The bytes of hex text; undefined unless the text consists of pairs of hex digits. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
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
