import { UsageError } from '../../base/error.js';
import { Assembler } from '../../capture/assembler.js';
import type { InputFormat } from '../../capture/detect.js';
import type { Filter } from '../../capture/filter.js';
import { hexLine } from '../../capture/hex-writer.js';
import { linePackets } from '../../capture/line-packets.js';
import { recordLine } from '../../capture/ndjson-writer.js';
import type { Packet, PacketSink } from '../../capture/packet.js';
import { PacketOrder } from '../../capture/packet-order.js';
import { PcapngWriter } from '../../capture/pcapng-writer.js';
import { recordFields } from '../../capture/record-fields.js';
import { RouteGuess } from '../../capture/route.js';
import { isProblem } from '../../capture/summary.js';
import { Output } from '../../node/output.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import type { CommandIo } from '../io.js';

/** Capture forms that can be written; `bin` is the queue messages one after the other. */
export type CaptureForm = 'pcapng' | 'hex' | 'bin';

/** A sink that writes packets in a form, and the end of it. */
export interface CaptureOutput {
  readonly packet: (packet: Omit<Packet, 'frame' | 'view'>) => void;
  readonly end: () => void;
}

/** Opens a file, or standard output for `-`, for packets. Throws FileError. */
export function captureOutput(io: CommandIo, path: string, form: CaptureForm): CaptureOutput {
  const output = new Output(path);
  const guess = new RouteGuess(io.protocol);
  if (form === 'pcapng') {
    const writer = new PcapngWriter((bytes) => output.bytes(bytes));
    return {
      packet: (packet) => {
        const [from, to] = guess.of(packet);
        writer.packet(from, to, packet.data, packet.start, packet.end, packet.time, packet.comment);
      },
      end: () => {
        writer.end();
        output.end();
      },
    };
  }
  return {
    packet: ({ from, to, data, start, end }) => {
      if (form === 'hex') output.write(hexLine(from, to, data.subarray(start, end)));
      else output.bytes(data.subarray(start, end));
    },
    end: () => output.end(),
  };
}

/** The value of `--to`. Throws UsageError for a form that there is not. */
export function captureForm(value: string, forms: readonly CaptureForm[]): CaptureForm {
  const form = forms.find((name) => name === value);
  if (form !== undefined) return form;
  throw new UsageError({ code: 'option', path: '--to', expected: forms.join(', '), actual: value });
}

/** `decode --to`: the packets of a capture in another form; with a filter only those of messages that match. */
export function convert(
  io: CommandIo,
  file: string,
  options: { readonly to: string; readonly output: string; readonly format?: InputFormat },
  rules: ReassemblyRules,
  filter: Filter | undefined,
): void {
  const output = captureOutput(io, options.output, captureForm(options.to, ['pcapng', 'hex']));
  const order = new PacketOrder(({ bytes, ...packet }) => {
    output.packet({ ...packet, data: bytes, start: 0, end: bytes.length });
  });
  const { protocol } = io;
  const assembler = new Assembler({
    protocol,
    rules,
    record: (record) => {
      if (isProblem(record)) io.problem();
      if (filter === undefined || !filter(recordFields(protocol, record))) return;
      for (const packet of linePackets(protocol, JSON.parse(recordLine(protocol, record)))) {
        order.add(packet, packet.frame as number);
      }
    },
  });
  const sink: PacketSink = (packet) => {
    if (filter === undefined) output.packet(packet);
    assembler.packet(packet);
  };
  io.readCapture(file, options.format, sink);
  assembler.end();
  order.end();
  output.end();
}
