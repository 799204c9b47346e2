import { formatTime } from '../base/time.js';
import { hexLinePieces } from '../capture/hex/index.js';
import type { Packet } from '../capture/packets/index.js';
import { copyPacket, PcapngWriter } from '../capture/pcap/index.js';
import { RouteGuess } from '../capture/records/index.js';
import type { Output } from '../node/output.js';
import type { CommandIo } from './io.js';

/** The forms in which captures can be written. `bin` is the queue messages one after the other. */
export type CaptureForm = 'pcapng' | 'hex' | 'bin';

/** Writes packets in a form. */
export interface CaptureOutput {
  readonly packet: (packet: Omit<Packet, 'view'>) => void;
  /** Writes everything so far, so that readers see it while the command waits for more input. */
  readonly flush: () => void;
  readonly end: () => void;
}

/**
 * Opens a file, or standard output for `-`, for packets.
 *
 * @param isLive others may read the file while it grows. @throws FileError, now or at a later call.
 */
export function captureOutput(io: CommandIo, path: string, form: CaptureForm, isLive = false): CaptureOutput {
  const output = io.output(path, form);
  if (isLive) output.publish();
  if (form === 'pcapng') return pcapngOutput(io, output);
  return {
    packet: ({ from, to, data, start, end }) => {
      const bytes = data.subarray(start, end);
      if (form === 'hex') for (const piece of hexLinePieces(from, to, bytes)) output.write(piece);
      else output.bytes(bytes);
    },
    flush: () => output.flush(),
    end: () => io.end(output),
  };
}

function pcapngOutput(io: CommandIo, output: Output): CaptureOutput {
  const guess = new RouteGuess(io.protocol);
  const writer = new PcapngWriter((bytes) => output.bytes(bytes));
  let isEmpty = true;
  return {
    packet: (packet) => {
      isEmpty = false;
      const [from, to] = guess.of(packet);
      if (copyPacket(writer, from, to, packet)) return;
      const time = formatTime(packet.time as bigint);
      io.problem();
      io.note(`packet ${packet.frame}: written without its time, which pcapng cannot hold: ${time}`);
    },
    flush: () => {
      writer.flush();
      output.flush();
    },
    end: () => {
      writer.end();
      io.end(output, isEmpty);
    },
  };
}
