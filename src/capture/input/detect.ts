import type { HexStyle } from '../hex/index.js';
import { detectHexStyle, hexReader } from '../hex/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { BLOCK_SECTION, PCAP_MAGICS, pcapngReader, pcapReader } from '../pcap/index.js';

export { DETECT_SIZE } from '../hex/index.js';

/** What a capture can be; `ndjson` is read elsewhere, by the layer that knows the messages. */
export type InputFormat = 'pcapng' | 'pcap' | 'ndjson' | HexStyle;

/** All of them, in the order in which they are looked for. */
export const INPUT_FORMATS: readonly InputFormat[] = [
  'pcapng',
  'pcap',
  'ndjson',
  'dmesg',
  'xxd',
  'hexdump',
  'od',
  'hex',
  'xxd-p',
];

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const OPEN_BRACE = 0x7b;

/**
 * The format of an input from its beginning: DETECT_SIZE (64 KiB) bytes or, when it is shorter, all of it (whether
 * a text is `xxd-p` depends on all its lines). Undefined when it is none of the formats, or empty.
 */
export function detectFormat(prefix: Uint8Array): InputFormat | undefined {
  if (prefix.length >= 4) {
    const magic = new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0);
    if (magic === BLOCK_SECTION) return 'pcapng';
    if (PCAP_MAGICS.has(magic)) return 'pcap';
  }
  if (prefix[firstCharacter(prefix)] === OPEN_BRACE) return 'ndjson';
  return detectHexStyle(prefix);
}

/** The reader of a format. */
export function captureReader(
  format: Exclude<InputFormat, 'ndjson'>,
  sink: PacketSink,
  warn: WarningSink,
): CaptureReader {
  if (format === 'pcapng') return pcapngReader(sink, warn);
  if (format === 'pcap') return pcapReader(sink, warn);
  return hexReader(sink, warn, format);
}

/** Index of the first byte that is neither a byte-order mark nor white space. */
function firstCharacter(prefix: Uint8Array): number {
  let at = prefix[0] === 0xef && prefix[1] === 0xbb && prefix[2] === 0xbf ? 3 : 0;
  while (isWhite(prefix[at])) at += 1;
  return at;
}

function isWhite(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
