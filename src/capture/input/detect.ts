import type { Protocol } from '../../schema/index.js';
import type { HexStyle } from '../hex/index.js';
import { DETECT_SIZE, detectHexStyle, dumpLines, hexReader } from '../hex/index.js';
import { detectKernelTrace, KernelTraceReader } from '../ktrace/index.js';
import { ndjsonReader } from '../ndjson/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { BLOCK_SECTION, PCAP_MAGICS, pcapngReader, pcapReader } from '../pcap/index.js';

export { DETECT_SIZE };

/** What a capture can be; `ndjson` is read elsewhere, by the layer that knows the messages. */
export type InputFormat = 'pcapng' | 'pcap' | 'ndjson' | 'trace' | HexStyle;

/** All of them, in the order in which they are looked for. */
export const INPUT_FORMATS: readonly InputFormat[] = [
  'pcapng',
  'pcap',
  'ndjson',
  'trace',
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
  const isText = !prefix.includes(0);
  const trace = isText
    ? detectKernelTrace(new TextDecoder().decode(prefix.subarray(0, DETECT_SIZE)))
    : undefined;
  if (trace !== undefined) return trace === 'trace' ? 'trace' : 'dmesg';
  if (prefix[firstCharacter(prefix)] === OPEN_BRACE) return 'ndjson';
  const style = detectHexStyle(prefix);
  // A long text that is nothing else may be a log without stamps, with the traces behind.
  return style ?? (isText && prefix.length >= DETECT_SIZE ? 'dmesg' : undefined);
}

/** What a reader must be told besides the format. */
export interface InputOptions {
  /** Messages of other queues of a kernel trace too. */
  readonly allQueues?: boolean;
}

/** The reader of any format. */
export function openReader(
  protocol: Protocol,
  format: InputFormat,
  sink: PacketSink,
  warn: WarningSink,
  options: InputOptions = {},
): CaptureReader {
  if (format === 'ndjson') return ndjsonReader(protocol, sink, warn);
  if (format === 'trace' || format === 'dmesg') return kernelReader(protocol, format, sink, warn, options);
  if (format === 'pcapng') return pcapngReader(sink, warn);
  if (format === 'pcap') return pcapReader(sink, warn);
  return hexReader(sink, warn, format);
}

/** A kernel's log may hold dumps of other programs beside those of the Gunyah drivers: one number counts both. */
function kernelReader(
  protocol: Protocol,
  format: 'trace' | 'dmesg',
  sink: PacketSink,
  warn: WarningSink,
  { allQueues = false }: InputOptions,
): CaptureReader {
  let frame = 0;
  const numbered: PacketSink = (packet) => {
    packet.frame = ++frame;
    sink(packet);
  };
  const { VMID_HLOS, VMID_RM } = protocol.constants as {
    readonly VMID_HLOS: number;
    readonly VMID_RM: number;
  };
  const route = { vmid: VMID_HLOS, rmVmid: VMID_RM, allQueues };
  const others = format === 'dmesg' ? dumpLines('dmesg', numbered, warn) : undefined;
  return new KernelTraceReader(protocol, route, numbered, warn, others);
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
