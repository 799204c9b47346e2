import { codecOf } from '../../codec/index.js';
import { type Header, MessageType, type Protocol, payloadOf } from '../../schema/index.js';
import type { Direction } from './message.js';

const ERROR_SIZE = 4;

/** How well the bytes of a queue message fit the RPC, for traces that do not say which queue they are from. */
export interface Plausibility {
  readonly header: Header | undefined;
  /** The header is one that RM or its client writes: version, type for the direction, number of fragments, known ID. */
  readonly fits: boolean;
  /** `fits`, and the payload of a message of one packet is of its declared layout. */
  readonly isWhole: boolean;
}

const NONE: Plausibility = { header: undefined, fits: false, isWhole: false };

export function plausibility(protocol: Protocol, bytes: Uint8Array, direction: Direction): Plausibility {
  const { limits } = protocol;
  if (bytes.length < limits.header) return NONE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = codecOf(protocol.header).decode(view, 0, limits.header) as Header;
  const { api_version, header_words, type, fragments, msg_id } = header;
  const message = protocol.byId.get(msg_id);
  const fits =
    api_version === 1 &&
    header_words === limits.header / 4 &&
    fragments <= limits.max_continuations &&
    message !== undefined &&
    fitsDirection(type, direction);
  if (!fits) return { header, fits, isWhole: false };
  if (type === MessageType.continuation || fragments > 0)
    return { header, fits, isWhole: bytes.length === 240 };
  const isReply = type === MessageType.reply;
  if (isReply && bytes.length < limits.header + ERROR_SIZE) return { header, fits, isWhole: false };
  const error = isReply ? view.getUint32(limits.header, true) : undefined;
  const start = limits.header + (isReply ? ERROR_SIZE : 0);
  const layout = payloadOf(message, type, error);
  // An error reply without a layout is the error word alone; a message without one may have any payload.
  const isWhole =
    layout !== undefined
      ? decodes(layout, view, start, bytes.length)
      : message.layout === 'unknown' || (isReply && error !== 0 && start === bytes.length);
  return { header, fits, isWhole };
}

/** VMs send requests and notifications; RM sends replies and notifications. */
function fitsDirection(type: number, direction: Direction): boolean {
  if (type > MessageType.notification) return false;
  if (type === MessageType.request) return direction !== 'rx';
  return type !== MessageType.reply || direction !== 'tx';
}

function decodes(layout: Parameters<typeof codecOf>[0], view: DataView, start: number, end: number): boolean {
  try {
    codecOf(layout).decode(view, start, end);
    return true;
  } catch {
    return false;
  }
}
