import { hexDigit } from './arguments.js';
import { type Direction, QUEUE_MESSAGE_MAX, type TracedMessage } from './message.js';

/** `NSECS tx capid=0x… size=N BYTES`, as the scripts of `capture` and capturing.md print it. */
const LINE =
  /^(\d{6,}) (\w*(?:tx|rx|send|recv)\w*)(?: (?:capid|desc)=(0x[0-9a-f]+))? (?:size|len)=(\d+)(?: off=(\d+))? ?/i;

/** A piece of a message: bpftrace 0.17 prints at most 64 (or 200) bytes at once. */
export interface BpftraceLine extends TracedMessage {
  /** Where the bytes belong, undefined when the line does not say so: then at the front. */
  readonly at: number | undefined;
}

/** A line that bpftrace printed; undefined when it is none. */
export function parseBpftraceLine(line: string): BpftraceLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [head, ns = '', name = '', queue, size, at] = match;
  const direction: Direction = /rx|recv/i.test(name) ? 'rx' : 'tx';
  const announced = Math.min(Number(size), QUEUE_MESSAGE_MAX);
  const bytes = bufferBytes(line, head.length, announced);
  if (bytes === undefined) return undefined;
  return {
    direction,
    queue,
    // A receive without a queue is of the probe on the function that takes RM's messages only.
    isRmOnly: queue === undefined && direction === 'rx',
    size: announced,
    bytes,
    time: { ns: BigInt(ns), clock: 'boot' },
    task: '',
    at: at === undefined ? undefined : Number(at),
  };
}

/**
 * Bytes as `%r`, `%rx` and `%rh` print them. `%rh` is plain hex with spaces. `%rx` escapes every byte, `%r` those that
 * cannot be printed, and neither escapes a backslash: only `\x` with two digits is an escape. The announced size tells
 * the forms apart where text happens to be hex.
 */
function bufferBytes(line: string, start: number, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size);
  const hex = hexBytes(line, start, bytes);
  if (hex !== undefined && (hex === size || line.length - start !== size)) return bytes.subarray(0, hex);
  let count = 0;
  for (let at = start; at < line.length && count < size; count++) {
    const code = line.charCodeAt(at);
    const high = code === BACKSLASH && line.charCodeAt(at + 1) === X ? hexDigit(line.charCodeAt(at + 2)) : -1;
    const low = high < 0 ? -1 : hexDigit(line.charCodeAt(at + 3));
    if (low < 0 && code > PRINTABLE_MAX) return undefined;
    bytes[count] = low < 0 ? code : high * 16 + low;
    at += low < 0 ? 1 : 4;
  }
  return bytes.subarray(0, count);
}

/** Reads `21 01 00`; undefined when the rest of the line is not that, all of it. */
function hexBytes(line: string, start: number, bytes: Uint8Array): number | undefined {
  let count = 0;
  let at = start;
  for (; at < line.length; at += 3) {
    const high = hexDigit(line.charCodeAt(at));
    const low = hexDigit(line.charCodeAt(at + 1));
    if (high < 0 || low < 0 || (at + 2 < line.length && line.charCodeAt(at + 2) !== SPACE)) return undefined;
    if (count < bytes.length) bytes[count++] = high * 16 + low;
  }
  return count;
}

const BACKSLASH = 0x5c;
const X = 0x78;
const SPACE = 0x20;
const PRINTABLE_MAX = 0x7e;
