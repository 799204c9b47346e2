import { formatHex, hexPieces } from '../../base/hex.js';

/**
 * One queue message as a line of the project's hex form, `SRC>DST HEX` and a line end: decimal VMIDs, lower-case
 * hex. A message without VMIDs is its hex alone.
 */
export function hexLine(from: number | undefined, to: number | undefined, bytes: Uint8Array): string {
  const route = from === undefined || to === undefined ? '' : `${from}>${to} `;
  return `${route}${formatHex(bytes)}\n`;
}

/** The same in pieces, for messages of any size. */
export function* hexLinePieces(
  from: number | undefined,
  to: number | undefined,
  bytes: Uint8Array,
): Generator<string> {
  if (from !== undefined && to !== undefined) yield `${from}>${to} `;
  yield* hexPieces(bytes);
  yield '\n';
}
