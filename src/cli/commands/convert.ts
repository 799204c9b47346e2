import { formatTime } from '../../base/time.js';
import type { Filter } from '../../capture/filter/index.js';
import { recordFields } from '../../capture/filter/index.js';
import { hexLinePieces } from '../../capture/hex/index.js';
import type { InputFormat } from '../../capture/input/index.js';
import { PacketOrder } from '../../capture/ndjson/index.js';
import { copyOfPacket, PACKET_SIZE, type Packet, type PacketSink } from '../../capture/packets/index.js';
import { PcapngWriter } from '../../capture/pcap/index.js';
import { isProblem } from '../../capture/print/index.js';
import { Assembler, RouteGuess } from '../../capture/records/index.js';
import type { Output } from '../../node/output.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import type { CommandIo } from '../io.js';

/** The forms in which captures can be written. `bin` is the queue messages one after the other. */
export type CaptureForm = 'pcapng' | 'hex' | 'bin';

/** Writes packets in a form. */
export interface CaptureOutput {
  readonly packet: (packet: Omit<Packet, 'view'>) => void;
  /** Writes everything so far, so that readers see it while the command waits for more input. */
  readonly flush: () => void;
  readonly end: () => void;
}

/** Largest timestamp of pcapng in nanoseconds, in the year 2554. */
const timeMax = 2n ** 64n - 1n;

/** Opens a file, or standard output for `-`, for packets.
 *
 * @param isLive others may read the file while it grows. @throws FileError, now or at a later call. */
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
      let { time } = packet;
      if (time !== undefined && (time < 0n || time > timeMax)) {
        io.problem();
        io.warn(
          `packet ${packet.frame}: written without its time, which pcapng cannot hold: ${formatTime(time)}`,
        );
        time = undefined;
      }
      writer.packet(from, to, packet.data, packet.start, packet.end, time, packet.comment, packet.clock);
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

/**
 * A packet whose message is not complete yet. Its place counts from 1 without the packets that were skipped. NDJSON may
 * have several packets with one number.
 */
interface Undecided {
  readonly packet: Packet;
  readonly place: number;
}

/** `decode --to`: writes the packets of a capture in another form. With a filter only those of messages that match. */
export async function convert(
  io: CommandIo,
  files: readonly string[],
  options: { readonly to: CaptureForm; readonly output: string; readonly format?: InputFormat },
  rules: ReassemblyRules,
  filter: Filter | undefined,
): Promise<void> {
  const output = captureOutput(io, options.output, options.to);
  let count = 0;
  let late = 0;
  const order = new PacketOrder((packet: Packet) => output.packet(packet), {
    sizeOf: (packet) => PACKET_SIZE + packet.end,
    late: () => void late++,
  });
  // Packets of messages that are not complete yet, by their numbers. Only the complete message tells whether it matches.
  const undecided = new Map<number, Undecided[]>();
  const { protocol } = io;
  const assembler = new Assembler({
    protocol,
    rules,
    record: (record) => {
      if (isProblem(record)) io.problem();
      if (filter === undefined) return;
      const matches = filter(recordFields(protocol, record));
      for (const { frame } of record.packets) {
        const same = undecided.get(frame) as Undecided[];
        const { packet, place } = same.shift() as Undecided;
        if (same.length === 0) undecided.delete(frame);
        order.add(matches ? packet : undefined, place);
      }
    },
  });
  const sink: PacketSink = (packet) => {
    // A capture has no place for the queue: its packets would be taken for RM's.
    if (packet.queue !== undefined) return;
    if (filter === undefined) output.packet(packet);
    else {
      const own = { packet: copyOfPacket(packet), place: ++count };
      const same = undecided.get(packet.frame);
      if (same === undefined) undecided.set(packet.frame, [own]);
      else same.push(own);
    }
    assembler.packet(packet);
  };
  await io.readCaptures(files, options.format, sink, output.flush);
  assembler.end();
  order.end();
  if (late > 0) {
    io.problem();
    io.warn(`${late} packets of messages that took long to complete are written behind later ones`);
  }
  output.end();
}
