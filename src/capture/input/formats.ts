import type { Protocol } from '../../schema/index.js';
import { binReader, isBin } from '../bin/index.js';
import {
  type HexStyle,
  hexReader,
  kernelLogForm,
  kernelLogLines,
  type Recogniser,
  type TextForm,
  textForms,
} from '../hex/index.js';
import {
  DAT_MAGIC,
  KernelTraceDetector,
  KernelTraceReader,
  TraceDatReader,
  type TraceOptions,
} from '../ktrace/index.js';
import { ndjsonReader } from '../ndjson/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import {
  BLOCK_SECTION,
  PCAP_MAGICS,
  type PcapngState,
  type PcapState,
  pcapngReader,
  pcapReader,
} from '../pcap/index.js';
import { recogniseNdjson } from './recognise-ndjson.js';

/** What a reader needs. */
export interface ReaderContext {
  readonly protocol: Protocol;
  readonly sink: PacketSink;
  readonly warn: WarningSink;
  readonly options: InputOptions;
  /** Of a reader of the same format, which has come so far. */
  readonly state?: unknown;
}

/** What a reader must be told besides the format. */
export interface InputOptions {
  /** Messages of other queues of a kernel trace too. */
  readonly allQueues?: boolean;
  /** Somebody said that the input is of this format: then a form of text also reads what begins no message. */
  readonly isGiven?: boolean;
  /** A form of text: what programs and people put before the lines is left out. */
  readonly hasPrefixes?: boolean;
}

/** What all formats have. */
interface Format<Name extends string> {
  /** Its name for `--format`. */
  readonly name: Name;
  /** What it is, as a phrase. */
  readonly summary: string;
  /** An input of this format, which is recognised without being told: text, or of a binary format its bytes in hex. */
  readonly example: string;
  readonly reader: (context: ReaderContext) => CaptureReader;
}

/** Recognised by its first bytes: undefined while they are too few. */
interface BinaryFormat<Name extends string> extends Format<Name> {
  readonly begins: (prefix: Uint8Array) => boolean | undefined;
}

interface TextFormat<Name extends string> extends Format<Name> {
  readonly recognise: TextForm['recognise'];
}

function binary<Name extends string>(format: BinaryFormat<Name>): BinaryFormat<Name> {
  return format;
}

function text<Name extends string>(format: TextFormat<Name>): TextFormat<Name> {
  return format;
}

/** The first four bytes as a big-endian number, undefined if there are fewer. */
function magicOf(prefix: Uint8Array): number | undefined {
  if (prefix.length < 4) return undefined;
  return new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0);
}

/** Formats that are no text, in the order in which they are looked for. */
export const binaryFormats = [
  binary({
    name: 'pcapng',
    summary: 'captures of this project and of Wireshark, link types 252 and 147 (the bytes in hex)',
    example: [
      '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000',
      '010000001400000093000000000000001400000006000000300000000000000000000000000000001000000010000000',
      '0300ff0021010400040000568000000030000000',
    ].join('\n'),
    begins: (prefix) => {
      const magic = magicOf(prefix);
      return magic === undefined ? undefined : magic === BLOCK_SECTION;
    },
    reader: ({ sink, warn, state }) => pcapngReader(sink, warn, state as PcapngState | undefined),
  }),
  binary({
    name: 'pcap',
    summary:
      'older captures, link types 252 and 147, of either byte order, with microseconds or nanoseconds (the bytes in hex)',
    example: [
      'd4c3b2a1020004000000000000000000ffff000093000000',
      '000000000000000010000000100000000300ff00210104000400005680000000',
    ].join('\n'),
    begins: (prefix) => {
      const magic = magicOf(prefix);
      return magic === undefined ? undefined : PCAP_MAGICS.has(magic);
    },
    reader: ({ sink, warn, state }) => pcapReader(sink, warn, state as PcapState | undefined),
  }),
  binary({
    name: 'trace.dat',
    summary:
      'the file of trace-cmd record, versions 6 and 7, packed with zstd or not; it has bytes that its report lacks',
    example: [
      '17084474726163696e6736000008001000006865616465725f706167650000000000000000006865616465725f657665',
      '6e74000000000000000000000000000100000067000100000055000000000000006e616d653a2074780a49443a20310a',
      '6669656c643a7536342073697a653b206f66667365743a383b2073697a653a383b0a6669656c643a7536342064617461',
      '3b206f66667365743a31363b2073697a653a31363b0a00000000000000000000000000000000010000006f7074696f6e',
      '732020000400060000005b626f6f745d0000666c797265636f726400ec00000000000000340000000000000000ca9a3b',
      '0000000024000000000000000800000001000000000000000c0000000000000021010400040000568000000000000000',
    ].join('\n'),
    begins: (prefix) => {
      const isIt = DAT_MAGIC.every((byte, index) => prefix.length <= index || prefix[index] === byte);
      return isIt && prefix.length < DAT_MAGIC.length ? undefined : isIt;
    },
    reader: ({ protocol, sink, warn, options }) =>
      new TraceDatReader(protocol, traceOptions(protocol, options), sink, warn),
  }),
  binary({
    name: 'bin',
    summary:
      'the bytes of a queue message, or of several without anything between, as encode --to bin writes them (in hex)',
    example: '210104000400005680000000\n210204000400005600000000',
    begins: isBin,
    reader: ({ protocol, sink }) => binReader(protocol, sink),
  }),
] as const;

/** Recognises what a kernel prints of the queues: a `trace`, or a `log` in which a Gunyah driver dumps its messages. */
function byKernel(wanted: 'trace' | 'log'): () => Recogniser {
  return () => {
    const detector = new KernelTraceDetector();
    return {
      line: (line) => {
        const found = detector.line(line);
        if (found === undefined) return 'later';
        return found === wanted ? 'yes' : 'no';
      },
      end: () => false,
    };
  };
}

/** A kernel's log may hold dumps of other programs beside those of the Gunyah drivers: one number counts both. */
function kernelReader({ protocol, sink, warn, options }: ReaderContext, isLog: boolean): CaptureReader {
  let frame = 0;
  const numbered: PacketSink = (packet) => {
    packet.frame = ++frame;
    sink(packet);
  };
  const others = isLog ? kernelLogLines(numbered, warn) : undefined;
  return new KernelTraceReader(protocol, traceOptions(protocol, options), numbered, warn, others);
}

/** Traces are taken in the primary VM. */
function traceOptions({ constants }: Protocol, { allQueues = false }: InputOptions): TraceOptions {
  const { VMID_HLOS = 3, VMID_RM = 255 } = constants;
  return { vmid: VMID_HLOS, rmVmid: VMID_RM, allQueues };
}

const trace = text({
  name: 'trace',
  summary: 'what ftrace, trace-cmd, perf and bpftrace print of the functions that carry messages',
  example: '1000000000 tx capid=0x1 size=12 21 01 04 00 04 00 00 56 80 00 00 00',
  recognise: byKernel('trace'),
  reader: (context) => kernelReader(context, false),
});

const ndjson = text({
  name: 'ndjson',
  summary: 'what decode --json prints, or lines written by hand: an object for each message',
  example: '{"id":"0x56000004","payload":{"vmid":128}}',
  recognise: recogniseNdjson,
  reader: ({ protocol, sink, warn }) => ndjsonReader(protocol, sink, warn),
});

const forms = textForms.map((form) => ({
  ...form,
  reader: (context: ReaderContext) =>
    form.name === kernelLogForm.name && !context.options.hasPrefixes
      ? kernelReader(context, true)
      : hexReader(
          context.sink,
          context.warn,
          form.name,
          context.options.isGiven ?? false,
          context.options.hasPrefixes,
        ),
}));

/** Formats that are text. */
export const textFormats = [trace, ndjson, ...forms] as const;

/** What is looked for in a line of text, in this order. The first that a line shows is the format. */
export const textCandidates: readonly {
  readonly name: 'trace' | 'ndjson' | HexStyle;
  readonly recognise: () => Recogniser;
}[] = [trace, { name: kernelLogForm.name, recognise: byKernel('log') }, ndjson, ...forms];

/** All formats. */
export const inputFormats = [...binaryFormats, ...textFormats] as const;

/** What a capture can be. */
export type InputFormat = (typeof inputFormats)[number]['name'];

/** The names of all formats. */
export const INPUT_FORMATS: readonly InputFormat[] = inputFormats.map(({ name }) => name);
