import { concatenated } from '../../base/bytes.js';
import { formatHex } from '../../base/hex.js';
import { fragmentCount, sizesOf, writeFrame } from '../../rpc/index.js';
import { MessageType, type MessageTypeName, type Protocol } from '../../schema/index.js';
import { type GivenKeys, givenKeys } from '../keys/index.js';
import type { Clock } from '../packets/index.js';
import { refuse } from '../payload/index.js';
import type { RecordType } from '../records/index.js';
import { type LineMessage, messageOf, payloadBytes } from './line-payload.js';

/** A queue message as an NDJSON line describes it. */
export interface LinePacket {
  /** Undefined when the line has no packet numbers. */
  readonly frame: number | undefined;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
  readonly clock: Clock | undefined;
  /** Another queue than RM's. */
  readonly queue: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/**
 * The queue messages of a parsed line as `decode --json` or `decode --frames --json` prints it, or as written by hand.
 * `from`, `to`, `type` and `seq` may then be left out: a notification goes from RM to HLOS, all else from HLOS to RM;
 * the type is that of a request, the sequence number 0. Throws WireError with the path of what does not fit.
 */
export function linePackets(
  protocol: Protocol,
  line: Readonly<Record<string, unknown>>,
): readonly LinePacket[] {
  const given = givenKeys(protocol, line);
  const { time, comment = [] } = given;
  if (given.error !== undefined && given.type !== 'reply')
    refuse('error', 'no error word but in replies', line.error, 'unexpected');
  const raw = wholeFrame(given);
  const message = raw === undefined || given.type === undefined ? messageOf(protocol, given) : undefined;
  const type = given.type ?? (message?.declared?.kind === 'notification' ? 'notification' : 'request');
  const packets = raw === undefined && message !== undefined ? cut(protocol, given, message, type) : [raw];
  const count = packets.length;
  const { frames, times } = given;
  if (frames !== undefined && frames.length !== count)
    refuse('frames', `${count} packet numbers`, frames.length, 'frames');
  if (times !== undefined && times.length !== count)
    refuse('times', `${count} entries`, times.length, 'times');
  if (comment.length > count) refuse('comment', `at most ${count} entries`, comment.length, 'comment');
  const [from, to] = route(protocol, type);
  return packets.map((bytes, index) => ({
    frame: frames === undefined ? given.frame && given.frame + index : frames[index],
    time: times === undefined ? time : times[index],
    comment: comment[index],
    clock: given.clock,
    queue: given.queue,
    from: given.from ?? from,
    to: given.to ?? to,
    bytes: bytes as Uint8Array,
  }));
}

/** The queue message of a line whose `raw` is all of it, header included. */
function wholeFrame({ type, index, size, raw }: GivenKeys): Uint8Array | undefined {
  const isWhole =
    type === 'malformed' ||
    type === 'other' ||
    type === 'continuation' ||
    index !== undefined ||
    size !== undefined;
  return isWhole ? (raw ?? refuse('raw', 'hex text', undefined)) : undefined;
}

/** Sender and receiver of a message when the line names neither. */
function route({ constants }: Protocol, type: RecordType): readonly [from: number, to: number] {
  const { VMID_HLOS = 3, VMID_RM = 255 } = constants;
  return type === 'reply' || type === 'notification' ? [VMID_RM, VMID_HLOS] : [VMID_HLOS, VMID_RM];
}

/** The queue messages of a message: its payload, cut as the line says or as usual, with a header in front of each. */
function cut(protocol: Protocol, given: GivenKeys, message: LineMessage, name: RecordType): Uint8Array[] {
  const type = MessageType[name as MessageTypeName];
  const payload = payloadBytes(given, message.declared, type);
  const sizes = sizesIn(protocol, given, payload.length);
  const { headers, incomplete, seq = 0 } = given;
  const headerSize = protocol.limits.header;
  if (
    headers !== undefined &&
    !(headers.length === sizes.length && headers.every(({ length }) => length === headerSize))
  )
    refuse(
      'headers',
      `${sizes.length} headers as hex text`,
      headers.map((header) => formatHex(header)),
    );
  const fragments = incomplete
    ? (given.announced ?? refuse('announced', 'integer', undefined))
    : sizes.length - 1;
  let end = 0;
  return sizes.map((size, index) => {
    const start = end;
    end += size;
    const own = headers?.[index];
    if (own !== undefined) return concatenated([own, payload.subarray(start, end)]);
    const header = {
      type: index === 0 ? type : MessageType.continuation,
      fragments,
      seq,
      msg_id: message.id,
    };
    return writeFrame(protocol, header, payload, start, end);
  });
}

/** Payload bytes of each queue message. */
function sizesIn(protocol: Protocol, { sizes, fragments }: GivenKeys, total: number): readonly number[] {
  const { max_continuations, max_payload } = protocol.limits;
  const count = fragments ?? (sizes === undefined ? fragmentCount(protocol, total) : sizes.length - 1);
  if (count > max_continuations) refuse('payload', `0..${max_payload} bytes`, total, 'payload_size');
  const cutAs = sizes ?? sizesOf(protocol, total, count + 1);
  const sum = cutAs.reduce((all, size) => all + size, 0);
  if (sum !== total) refuse('sizes', `${total} bytes in all`, sum, 'sizes');
  if (fragments !== undefined && cutAs.length !== count + 1)
    refuse('fragments', cutAs.length - 1, count, 'fragments');
  if (cutAs.length < 1 || cutAs.length > max_continuations + 1)
    refuse('sizes', `1..${max_continuations + 1} packets`, cutAs.length);
  return cutAs;
}
