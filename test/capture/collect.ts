import { WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import type {
  CaptureReader,
  CaptureWarning,
  PacketSink,
  WarningSink,
} from '../../src/capture/packets/index.js';

/** A packet as a test compares it: everything copied out of the reader's object. */
export interface Seen {
  readonly frame: number;
  readonly time: bigint | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly hex: string;
  readonly comment: string | undefined;
}

export interface Collected {
  readonly packets: Seen[];
  readonly warnings: CaptureWarning[];
  /** What push() or end() threw. */
  readonly error: WireError | undefined;
}

export type MakeReader = (sink: PacketSink, warn: WarningSink) => CaptureReader;

/**
 * Runs a reader over a file in pieces of `chunkSize`. Every piece is overwritten after the push, so a reader that
 * keeps a view of it is found out. Anything but a WireError passes through.
 */
export function collect(make: MakeReader, file: Uint8Array, chunkSize = file.length): Collected {
  const sizes: number[] = [];
  for (let at = 0; at < file.length; at += chunkSize) sizes.push(Math.min(chunkSize, file.length - at));
  return collectPieces(make, file, sizes);
}

export function collectPieces(make: MakeReader, file: Uint8Array, sizes: readonly number[]): Collected {
  const packets: Seen[] = [];
  const warnings: CaptureWarning[] = [];
  const reader = make(
    (packet) => {
      const { frame, time, from, to, data, view, start, end, comment } = packet;
      if (
        view.buffer !== data.buffer ||
        view.byteOffset !== data.byteOffset ||
        view.byteLength !== data.length
      ) {
        throw new Error('view and data are not the same memory');
      }
      packets.push({ frame, time, from, to, hex: formatHex(data, start, end), comment });
    },
    (warning) => warnings.push(warning),
  );
  let error: WireError | undefined;
  try {
    let at = 0;
    for (const size of sizes) {
      const piece = file.slice(at, at + size);
      at += size;
      reader.push(piece);
      piece.fill(0xa5);
    }
    reader.end();
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    error = thrown;
  }
  return { packets, warnings, error };
}

/** The packets of a file that must be read without error or warning. */
export function packetsOf(make: MakeReader, file: Uint8Array): Seen[] {
  const { packets, warnings, error } = collect(make, file);
  if (error !== undefined) throw error;
  if (warnings.length > 0) throw new Error(`warning: ${warnings[0]?.message}`);
  return packets;
}

/** Code, path and offset of an error, for one comparison. */
export function placeOf(error: WireError | undefined): [string, string, number] | undefined {
  return error === undefined ? undefined : [error.code, error.path, error.offset];
}
