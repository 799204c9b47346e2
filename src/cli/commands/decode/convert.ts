import { type Filter, recordFields } from '../../../capture/filter/index.js';
import type { InputFormat } from '../../../capture/input/index.js';
import { PacketOrder } from '../../../capture/ndjson/index.js';
import { copyOfPacket, PACKET_SIZE, type Packet, type PacketSink } from '../../../capture/packets/index.js';
import { isProblem } from '../../../capture/print/index.js';
import { Assembler } from '../../../capture/records/index.js';
import type { ReassemblyRules } from '../../../rpc/index.js';
import { type CaptureForm, captureOutput } from '../../capture-output.js';
import type { CommandIo, ReadOptions } from '../../io.js';
import { endOrStop, StopReading } from '../../merge.js';

/**
 * A packet whose message is not complete yet. Its place counts from 1 without the packets that were skipped. NDJSON may
 * have several packets with one number.
 */
interface Undecided {
  readonly packet: Packet;
  readonly place: number;
}

export interface ConvertOptions {
  readonly to: CaptureForm;
  readonly output: string;
  readonly format?: InputFormat;
  /** Messages after which reading stops. */
  readonly limit?: number;
  readonly follow?: true;
}

/**
 * `decode --to`: writes the packets of a capture in another form. With a filter or a limit only those of messages that
 * match.
 */
export async function convert(
  io: CommandIo,
  files: readonly string[],
  options: ConvertOptions,
  rules: ReassemblyRules,
  filter: Filter | undefined,
): Promise<void> {
  const { limit, follow = false } = options;
  const output = captureOutput(io, options.output, options.to, follow);
  const all = filter === undefined && limit === undefined;
  let left = limit ?? Number.POSITIVE_INFINITY;
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
      if (all) return;
      const matches = left > 0 && (filter === undefined || filter(recordFields(protocol, record)));
      for (const { frame } of record.packets) {
        const same = undecided.get(frame) as Undecided[];
        const { packet, place } = same.shift() as Undecided;
        if (same.length === 0) undecided.delete(frame);
        order.add(matches ? packet : undefined, place);
      }
      if (matches && --left === 0) throw new StopReading();
    },
  });
  const sink: PacketSink = (packet) => {
    // A capture has no place for the queue: its packets would be taken for RM's.
    if (packet.queue !== undefined) return;
    if (all) output.packet(packet);
    else {
      const own = { packet: copyOfPacket(packet), place: ++count };
      const same = undecided.get(packet.frame);
      if (same === undefined) undecided.set(packet.frame, [own]);
      else same.push(own);
    }
    assembler.packet(packet);
  };
  const read: ReadOptions = { follow };
  await io.readCaptures(limit === 0 ? [] : files, options.format, sink, output.flush, read);
  endOrStop(assembler);
  order.end();
  if (late > 0) {
    io.problem();
    io.note(`${late} packets of messages that took long to complete are written behind later ones`);
  }
  output.end();
}
