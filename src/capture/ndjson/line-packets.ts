import { parseHex } from '../../base/hex.js';
import { parseTime } from '../../base/time.js';
import { fragmentCount, sizesOf, writeFrame } from '../../rpc/index.js';
import { MessageType, type MessageTypeName, type Protocol } from '../../schema/index.js';
import { hexOf, integer, type Line, refuse } from './line.js';
import { messageOf, payloadBytes } from './line-payload.js';

/** A queue message as an NDJSON line describes it. */
export interface LinePacket {
  /** Undefined when the line has no packet numbers. */
  readonly frame: number | undefined;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

const keys = new Set(
  (
    'no frame frames sizes headers time times comment from to type seq id name fragments incomplete announced error request ' +
    'duplicate_of latency_ns payload rest issues raw index size'
  ).split(' '),
);

/**
 * The queue messages of a line as `decode --json` or `decode --frames --json` prints it, or as written by hand: `from`,
 * `to`, `type` and `seq` may then be left out (a notification goes from RM to HLOS, all else from HLOS to RM; requests;
 * seq 0). Throws WireError with the path of what does not fit.
 */
export function linePackets(protocol: Protocol, line: Line): LinePacket[] {
  for (const key of Object.keys(line))
    if (!keys.has(key)) refuse(key, 'a key of decode --json', key, 'unknown_key');
  checkFacts(line);
  const frames = wholeFrames(line) ?? cut(protocol, line);
  const [from, to] = ends(protocol, line);
  const numbers = frameNumbers(line, frames.length);
  const times = perPacket(line, 'time', 'times', frames.length, timeOf);
  const comments = commentsOf(line, frames.length);
  return frames.map((bytes, index) => ({
    frame: numbers?.[index],
    time: times[index],
    comment: comments[index],
    from,
    to,
    bytes,
  }));
}

/** Keys that say what decoding found out: not needed, but what they say must at least be of their kind. */
function checkFacts(line: Line): void {
  for (const key of ['no', 'request', 'duplicate_of', 'size', 'index'] as const)
    integer(line, key, Number.MAX_SAFE_INTEGER);
  const { latency_ns: latency, issues, incomplete, error, type } = line;
  if (latency !== undefined && !Number.isInteger(latency)) refuse('latency_ns', 'integer', latency);
  if (issues !== undefined && !Array.isArray(issues)) refuse('issues', 'array', issues);
  if (incomplete !== undefined && typeof incomplete !== 'boolean') refuse('incomplete', 'true', incomplete);
  if (error !== undefined && type !== 'reply')
    refuse('error', 'no error word but in replies', error, 'unexpected');
}

/** Lines whose `raw` is the queue message itself. */
function wholeFrames(line: Line): Uint8Array[] | undefined {
  const whole = line.type === 'malformed' || line.type === 'continuation' || line.index !== undefined;
  if (!whole && line.size === undefined) return undefined;
  return [hexOf(line, 'raw') ?? refuse('raw', 'hex text', line.raw)];
}

/** Frames a message: its payload, cut as the line says or as usual. */
function cut(protocol: Protocol, line: Line): Uint8Array[] {
  const { max_continuations, content } = protocol.limits;
  const type = typeOf(protocol, line);
  const message = messageOf(protocol, line);
  const payload = payloadBytes(protocol, line, message.message, type);
  const count = integer(line, 'fragments', max_continuations) ?? fragmentCount(protocol, payload.length);
  if (count > max_continuations) {
    refuse('payload', `0..${protocol.limits.max_payload} bytes`, payload.length, 'payload_size');
  }
  const sizes = sizesIn(line) ?? sizesOf(protocol, payload.length, count + 1);
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sum !== payload.length) refuse('sizes', `${payload.length} bytes in all`, sum, 'sizes');
  if (sizes.length !== count + 1 && line.fragments !== undefined) {
    refuse('fragments', sizes.length - 1, count, 'fragments');
  }
  if (sizes.length > max_continuations + 1)
    refuse('sizes', `1..${max_continuations + 1} packets`, sizes.length);
  if (line.sizes === undefined && payload.length > (count + 1) * content) {
    refuse('fragments', fragmentCount(protocol, payload.length), count, 'fragments');
  }
  const incomplete = line.incomplete === true;
  const fragments = incomplete
    ? (integer(line, 'announced', max_continuations) ?? refuse('announced', 'integer', undefined))
    : sizes.length - 1;
  const seq = integer(line, 'seq', 0xffff) ?? 0;
  const headers = headersIn(protocol, line, sizes.length);
  let start = 0;
  return sizes.map((size, index) => {
    const given = headers?.[index];
    if (given !== undefined) {
      const whole = new Uint8Array(given.length + size);
      whole.set(given);
      whole.set(payload.subarray(start, start + size), given.length);
      start += size;
      return whole;
    }
    const header = {
      type: index === 0 ? type : MessageType.continuation,
      fragments,
      seq,
      msg_id: message.id,
    };
    const frame = writeFrame(protocol, header, payload, start, start + size);
    start += size;
    return frame;
  });
}

function typeOf(protocol: Protocol, line: Line): number {
  if (line.type === undefined) {
    const { message } = messageOf(protocol, line);
    return message?.kind === 'notification' ? MessageType.notification : MessageType.request;
  }
  const type = MessageType[line.type as MessageTypeName];
  const known = typeof line.type === 'string' && Object.hasOwn(MessageType, line.type);
  return known ? type : refuse('type', `${Object.keys(MessageType).join(', ')} or malformed`, line.type);
}

function ends(protocol: Protocol, line: Line): [number, number] {
  const { VMID_HLOS = 3, VMID_RM = 255 } = protocol.constants;
  const fromRm = line.type === 'reply' || line.type === 'notification';
  const notification = line.type === undefined && messageOf(protocol, line).message?.kind === 'notification';
  const [from, to] = fromRm || notification ? [VMID_RM, VMID_HLOS] : [VMID_HLOS, VMID_RM];
  return [integer(line, 'from', 0xffff) ?? from, integer(line, 'to', 0xffff) ?? to];
}

function sizesIn({ sizes }: Line): number[] | undefined {
  if (sizes === undefined) return undefined;
  const valid =
    Array.isArray(sizes) && sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size >= 0);
  return valid ? (sizes as number[]) : refuse('sizes', 'an array of payload sizes', sizes);
}

/** The headers of each packet, where a client's rules put packets together whose headers differ. */
function headersIn(protocol: Protocol, { headers }: Line, count: number): Uint8Array[] | undefined {
  if (headers === undefined) return undefined;
  const list = Array.isArray(headers)
    ? headers.map((text) => (typeof text === 'string' ? parseHex(text) : undefined))
    : [];
  const valid = list.length === count && list.every((bytes) => bytes?.length === protocol.limits.header);
  return valid ? (list as Uint8Array[]) : refuse('headers', `${count} headers as hex text`, headers);
}

function frameNumbers(line: Line, count: number): number[] | undefined {
  const first = integer(line, 'frame', Number.MAX_SAFE_INTEGER);
  if (line.frames === undefined) {
    return first === undefined ? undefined : Array.from({ length: count }, (_, index) => first + index);
  }
  const { frames } = line;
  const valid = Array.isArray(frames) && frames.every((frame) => Number.isSafeInteger(frame) && frame >= 0);
  if (!valid) return refuse('frames', 'an array of packet numbers', frames);
  return frames.length === count
    ? frames
    : refuse('frames', `${count} packet numbers`, frames.length, 'frames');
}

function timeOf(value: unknown, path: string): bigint | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' ? parseTime(value) : undefined;
  return time ?? refuse(path, 'a time such as 2023-11-14T22:13:20.005000000Z', value);
}

/** The value of each packet: the list under `many`, or the one under `one` for all. */
function perPacket<T>(
  line: Line,
  one: string,
  many: string,
  count: number,
  read: (value: unknown, path: string) => T,
): T[] {
  const list = line[many];
  if (list === undefined) {
    const value = read(line[one], one);
    return Array.from({ length: count }, () => value);
  }
  if (!Array.isArray(list)) return refuse(many, 'array', list);
  if (list.length !== count) return refuse(many, `${count} entries`, list.length, many);
  return list.map((value, index) => read(value, `${many}[${index}]`));
}

function commentsOf({ comment }: Line, count: number): (string | undefined)[] {
  const list = Array.isArray(comment) ? comment : [comment];
  if (list.length > count) return refuse('comment', `at most ${count} entries`, list.length, 'comment');
  return list.map((text) => {
    if (text === undefined || text === null) return undefined;
    return typeof text === 'string' ? text : refuse('comment', 'text', text);
  });
}
