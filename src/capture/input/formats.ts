import type { Protocol } from '../../schema/index.js';
import { binReader, isBin } from '../bin/index.js';
import { hexReader, type TextForm, textForms } from '../hex/index.js';
import { ndjsonReader } from '../ndjson/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { BLOCK_SECTION, PCAP_MAGICS, pcapngReader, pcapReader } from '../pcap/index.js';

/** What a reader needs. */
export interface ReaderContext {
  readonly protocol: Protocol;
  readonly sink: PacketSink;
  readonly warn: WarningSink;
  /** Somebody said that the input is of this format. */
  readonly isGiven: boolean;
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
    summary: 'captures of this project and of Wireshark, link types 252 and 147',
    example: [
      '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000',
      '010000001400000093000000000000001400000006000000300000000000000000000000000000001000000010000000',
      '0300ff0021010400040000568000000030000000',
    ].join('\n'),
    begins: (prefix) => {
      const magic = magicOf(prefix);
      return magic === undefined ? undefined : magic === BLOCK_SECTION;
    },
    reader: ({ sink, warn }) => pcapngReader(sink, warn),
  }),
  binary({
    name: 'pcap',
    summary: 'older captures, link types 252 and 147, of either byte order, with microseconds or nanoseconds',
    example: [
      'd4c3b2a1020004000000000000000000ffff000093000000',
      '000000000000000010000000100000000300ff00210104000400005680000000',
    ].join('\n'),
    begins: (prefix) => {
      const magic = magicOf(prefix);
      return magic === undefined ? undefined : PCAP_MAGICS.has(magic);
    },
    reader: ({ sink, warn }) => pcapReader(sink, warn),
  }),
  binary({
    name: 'bin',
    summary:
      'the bytes of a queue message, or of several without anything between, as encode --to bin writes them',
    example: '210104000400005680000000\n210204000400005600000000',
    begins: isBin,
    reader: ({ protocol, sink }) => binReader(protocol, sink),
  }),
] as const;

/** Formats that are text, in the order in which their recognisers are asked about a line. */
export const textFormats = [
  text({
    name: 'ndjson',
    summary: 'what decode --json prints, or lines written by hand: an object for each message',
    example: '{"name":"VM_START","payload":{"vmid":128}}',
    recognise: () => ({
      // A list in braces of C begins with a number.
      line: (line) => (/^\s*\{\s*["}a-z_]/i.test(line) ? 'yes' : 'no'),
      end: () => false,
    }),
    reader: ({ protocol, sink }) => ndjsonReader(protocol, sink),
  }),
  ...textForms.map((form) => ({
    ...form,
    reader: ({ sink, warn, isGiven }: ReaderContext) => hexReader(sink, warn, form.name, isGiven),
  })),
] as const;

/** All formats. */
export const inputFormats = [...binaryFormats, ...textFormats] as const;

/** What a capture can be. */
export type InputFormat = (typeof inputFormats)[number]['name'];

/** The names of all formats. */
export const INPUT_FORMATS: readonly InputFormat[] = inputFormats.map(({ name }) => name);
