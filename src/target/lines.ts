import { type ByteWriter, preparedText } from '../base/byte-writer.js';
import { formatHex, parseHex } from '../base/hex.js';
import type { HexDecoder } from '../base/hex-decoder.js';
import { decodeUtf8 } from '../base/text.js';
import type { FileContents } from '../machine/index.js';
import type { Step } from './step.js';

/** What a line of the protocol asks of a target: a step, a fresh boot, or to start from its present state from now on. */
export type LineCommand = Step | 'reset' | 'fork';

type Kind = Step['kind'];
type StepOf<K extends Kind> = Extract<Step, { readonly kind: K }>;

interface Row<K extends Kind> {
  readonly word: string;
  /** The words behind the first one. @param fileOf name of a file with these bytes. */
  readonly write: (step: StepOf<K>, fileOf: (bytes: Uint8Array) => string) => readonly (string | number)[];
  /** @returns undefined for words that are no such step. */
  readonly read: (words: readonly string[], file: FileContents) => StepOf<K> | undefined;
}

/** How each kind of step is a line (cli.md, "Line protocol of exec targets"). */
const rows: { readonly [K in Kind]: Row<K> } = {
  frame: {
    word: 'tx',
    write: ({ from, frame }) => [from, formatHex(frame)],
    read([vmid, hex = '']) {
      const from = natural(vmid);
      const frame = parseHex(hex);
      return from === undefined || frame === undefined ? undefined : { kind: 'frame', from, frame };
    },
  },
  load: {
    word: 'load',
    write: ({ address, bytes }, fileOf) => [`0x${address.toString(16)}`, fileOf(bytes)],
    read([where, ...name], file) {
      const address = word(where);
      const bytes = file(name.join(' '));
      return address === undefined || bytes === undefined
        ? undefined
        : { kind: 'load', address: Number(address), bytes };
    },
  },
  vcpu_halt: {
    word: 'halt',
    write: ({ vmid, state, data }) => [vmid, state, ...data.map((value) => `0x${value.toString(16)}`)],
    read([who, how, first = '0', second = '0']) {
      const [vmid, state, one, two] = [natural(who), natural(how), word(first), word(second)];
      if (vmid === undefined || state === undefined || one === undefined || two === undefined)
        return undefined;
      return { kind: 'vcpu_halt', vmid, state, data: [one, two] };
    },
  },
  receive_limit: {
    word: 'limit',
    write: ({ vmid, count }) => [vmid, count],
    read([who, number]) {
      const [vmid, count] = [natural(who), natural(number)];
      return vmid === undefined || count === undefined ? undefined : { kind: 'receive_limit', vmid, count };
    },
  },
  drain: { word: 'drain', write: () => [], read: () => ({ kind: 'drain' }) },
};

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const VMID_MAX = 0xffff;
const transmit = preparedText('tx ');
const receive = preparedText('rx ');

/** Writes the line that asks for a step, with its end. @param fileOf name of a file with these bytes. */
export function writeLine(out: ByteWriter, step: Step, fileOf: (bytes: Uint8Array) => string): void {
  if (step.kind === 'frame') {
    out.prepared(transmit);
    writeFrameWords(out, step.from, step.frame);
    return;
  }
  const { word, write } = rows[step.kind] as Row<Kind>;
  out.text(`${[word, ...write(step, fileOf)].join(' ')}\n`);
}

/** Writes the line that says that a VM gets a queue message, with its end. */
export function writeReceived(out: ByteWriter, to: number, frame: Uint8Array): void {
  out.prepared(receive);
  writeFrameWords(out, to, frame);
}

function writeFrameWords(out: ByteWriter, vmid: number, frame: Uint8Array): void {
  out.decimal(vmid);
  out.room(2 + 2 * frame.length);
  out.bytes[out.at++] = SPACE;
  out.hex(frame, 0, frame.length);
  out.bytes[out.at++] = LINE_FEED;
}

/** A VM and a queue message, as two words of a line. */
export interface FrameWords {
  readonly vmid: number;
  readonly frame: Uint8Array;
}

/** Reads the line [start, end) if it is `word`, a VMID and a queue message, each behind one space. */
export function readFrameWords(
  word: 'tx' | 'rx',
  line: Uint8Array,
  start: number,
  end: number,
  hex: HexDecoder,
): FrameWords | undefined {
  if (line[start] !== word.charCodeAt(0) || line[start + 1] !== word.charCodeAt(1)) return undefined;
  if (line[start + 2] !== SPACE) return undefined;
  const first = start + 3;
  let vmid = 0;
  let at = first;
  for (; at < end && vmid <= VMID_MAX; at++) {
    const digit = (line[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    vmid = 10 * vmid + digit;
  }
  if (at === first || at >= end || line[at] !== SPACE || vmid > VMID_MAX) return undefined;
  const frame = hex.decode(line, at + 1, end);
  return frame && { vmid, frame };
}

/**
 * What the line [start, end) asks for; undefined when it asks for nothing known. @param file contents of files by name.
 */
export function readLine(
  line: Uint8Array,
  start: number,
  end: number,
  hex: HexDecoder,
  file: FileContents,
): LineCommand | undefined {
  // What most lines are, without strings between. Another spelling of it is read as the others are.
  const words = readFrameWords('tx', line, start, end, hex);
  return words === undefined
    ? readWords(decodeUtf8(line.subarray(start, end)), file)
    : { kind: 'frame', from: words.vmid, frame: words.frame };
}

function readWords(line: string, file: FileContents): LineCommand | undefined {
  const [first, ...words] = line.trim().split(' ');
  if (first === 'reset' || first === 'fork') return first;
  const row = Object.values(rows).find(({ word }) => word === first);
  return row?.read(words, file);
}

/** The words behind `rx` in another spelling than {@link readFrameWords} reads: numbers may be hexadecimal. */
export function readReceived(text: string): FrameWords | undefined {
  const [vmid, hex] = text.trim().split(' ');
  const to = natural(vmid);
  const frame = hex === undefined ? undefined : parseHex(hex);
  return to === undefined || to > VMID_MAX || frame === undefined ? undefined : { vmid: to, frame };
}

function natural(text: string | undefined): number | undefined {
  return text !== undefined && /^(0x[0-9a-f]{1,7}|\d{1,9})$/i.test(text) ? Number(text) : undefined;
}

function word(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text) ? BigInt(text) : undefined;
}
