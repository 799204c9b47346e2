import { codecOf } from '../../codec/index.js';
import { type Header, MessageType, type Protocol, payloadOf } from '../../schema/index.js';
import type { AnyType } from '../../wire/index.js';
import { type Direction, type Plausibility, QUEUE_MESSAGE_MAX, type TracedMessage } from './message.js';

const ERROR_SIZE = 4;

/** A copy of a header, which costs less than a view of each message. */
const headerView = new DataView(new ArrayBuffer(64));
const headerBytes = new Uint8Array(headerView.buffer);
let payloadView: DataView = new DataView(new ArrayBuffer(0));
const NONE: Plausibility = { header: undefined, fits: false };

export function plausibility(protocol: Protocol, bytes: Uint8Array, direction: Direction): Plausibility {
  const { limits } = protocol;
  if (bytes.length < limits.header) return NONE;
  for (let at = 0; at < limits.header; at++) headerBytes[at] = bytes[at] as number;
  const header = codecOf(protocol.header).decode(headerView, 0, limits.header) as Header;
  const { api_version, header_words, type, fragments, msg_id } = header;
  const fits =
    api_version === 1 &&
    header_words === limits.header / 4 &&
    fragments <= limits.max_continuations &&
    protocol.byId.has(msg_id) &&
    fitsDirection(type, direction);
  return { header, fits };
}

/** As {@link plausibility}, kept with the message: several steps ask. */
export function plausibilityOf(protocol: Protocol, message: TracedMessage): Plausibility {
  message.plausibility ??= plausibility(protocol, message.bytes, message.direction);
  return message.plausibility;
}

/**
 * The header fits, and the payload of a message of one packet is of its declared layout.
 *
 * @param looked what is known of the header.
 */
export function isWholeMessage(protocol: Protocol, bytes: Uint8Array, looked: Plausibility): boolean {
  const { header, fits } = looked;
  const message = protocol.byId.get(header?.msg_id ?? 0);
  if (!fits || header === undefined || message === undefined) return false;
  const { type, fragments } = header;
  if (type === MessageType.continuation || fragments > 0) return bytes.length === QUEUE_MESSAGE_MAX;
  const { limits } = protocol;
  const isReply = type === MessageType.reply;
  if (isReply && bytes.length < limits.header + ERROR_SIZE) return false;
  // The memory of one message holds many others.
  if (payloadView.buffer !== bytes.buffer) payloadView = new DataView(bytes.buffer);
  const view = payloadView;
  const begin = bytes.byteOffset + limits.header;
  const end = bytes.byteOffset + bytes.length;
  const error = isReply ? view.getUint32(begin, true) : undefined;
  const start = begin + (isReply ? ERROR_SIZE : 0);
  const layout = payloadOf(message, type, error);
  // An error reply without a layout is the error word alone; a message without one may have any payload.
  if (layout !== undefined) return codecOf<AnyType>(layout).check(view, start, end);
  return message.layout === 'unknown' || (isReply && error !== 0 && start === end);
}

/** VMs send requests and notifications; RM sends replies and notifications. */
function fitsDirection(type: number, direction: Direction): boolean {
  if (type > MessageType.notification) return false;
  if (type === MessageType.request) return direction !== 'rx';
  return type !== MessageType.reply || direction !== 'tx';
}
