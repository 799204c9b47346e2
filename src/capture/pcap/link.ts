import { jsonText } from '../../base/json.js';
import type { Packet } from '../packets/index.js';

/** LINKTYPE_USER0: pseudo-header and message. */
export const LINK_USER0 = 147;
/** LINKTYPE_WIRESHARK_UPPER_PDU: tags that name a dissector, then as LINK_USER0. */
export const LINK_UPPER_PDU = 252;

/** Tag 12 of LINK_UPPER_PDU: the name of the dissector for the packet. */
export const TAG_DISSECTOR = 12;
const TAG_END = 0;
/** The dissector that our packets name. */
export const DISSECTOR = 'gunyah_rm';
/** Source and destination VMID, each u16 little-endian. */
const PSEUDO_HEADER_SIZE = 4;

/** Why a packet is skipped: `dissector` (not for us) or `packet` (broken). */
interface LinkProblem {
  readonly code: 'dissector' | 'packet';
  readonly message: string;
}

export function isSupportedLink(linkType: number): boolean {
  return linkType === LINK_USER0 || linkType === LINK_UPPER_PDU;
}

/**
 * Reads what a supported link type puts before the queue message: [start, end) of `packet` is the whole packet on
 * entry and the queue message on return; the VMIDs are set. Returns the problem of a packet that must be skipped.
 */
export function stripLink(linkType: number, packet: Packet): LinkProblem | undefined {
  const start = usualStart(linkType, packet.view, packet.start, packet.end);
  if (start >= 0) packet.start = start;
  else {
    const problem = stripTags(packet);
    if (problem !== undefined) return problem;
  }
  const size = packet.end - packet.start;
  if (size < PSEUDO_HEADER_SIZE) {
    return broken(`${size} bytes where the pseudo-header takes ${PSEUDO_HEADER_SIZE}`);
  }
  packet.start += PSEUDO_HEADER_SIZE;
  packet.from = senderBefore(packet.view, packet.start);
  packet.to = receiverBefore(packet.view, packet.start);
  return undefined;
}

/** VMIDs of the pseudo-header that ends at `at`. */
export function senderBefore(view: DataView, at: number): number {
  return view.getUint16(at - 4, true);
}

export function receiverBefore(view: DataView, at: number): number {
  return view.getUint16(at - 2, true);
}

/**
 * As `stripLink` for a packet that somebody printed: its first bytes tell the link type, tags, a pseudo-header, or none
 * of both. A message begins with 0x21 (protocol/rpc.md), the length of the first tag with 0x00.
 */
export function stripPrintedLink(packet: Packet): LinkProblem | undefined {
  const { data, view, start, end } = packet;
  if (data[start] === 0x21) return undefined;
  if (end - start > 4 && view.getUint16(start) === TAG_DISSECTOR) return stripLink(LINK_UPPER_PDU, packet);
  if (end - start > 4 && data[start + 4] === 0x21) return stripLink(LINK_USER0, packet);
  return broken('begins neither with a message nor with what a link type of this project puts before one');
}

/**
 * Where the pseudo-header of the packet [start, end) begins; negative for other tags than this project's captures have, and
 * for link types that are not read. The 20 bytes of tags (name tag, `gunyah_rm` padded to 12, end mark) are compared as
 * words, because parsing them takes five times as long as the rest of reading a packet.
 */
function usualStart(linkType: number, view: DataView, start: number, end: number): number {
  if (linkType !== LINK_UPPER_PDU) return linkType === LINK_USER0 ? start : -1;
  const isUsual =
    end - start >= 20 &&
    view.getInt32(start) === 0x000c000c &&
    view.getInt32(start + 4) === 0x67756e79 &&
    view.getInt32(start + 8) === 0x61685f72 &&
    view.getInt32(start + 12) === 0x6d000000 &&
    view.getInt32(start + 16) === 0;
  return isUsual ? start + 20 : -1;
}

/** Where the queue message of a packet begins, as {@link stripLink}; negative for a packet that must be looked at closely. */
export function usualMessageStart(linkType: number, view: DataView, start: number, end: number): number {
  const header = usualStart(linkType, view, start, end);
  return header < 0 || end - header < PSEUDO_HEADER_SIZE ? -1 : header + PSEUDO_HEADER_SIZE;
}

/** Any tags. Tag numbers and lengths are big-endian, whatever the byte order of the file; a length includes the padding. */
function stripTags(packet: Packet): LinkProblem | undefined {
  const { data, view, end } = packet;
  let at = packet.start;
  let nameStart = -1;
  let nameEnd = -1;
  for (;;) {
    if (end - at < 4) return broken('the tags have no end');
    const tag = view.getUint16(at);
    const valueEnd = at + 4 + view.getUint16(at + 2);
    if (valueEnd > end) return broken(`tag ${tag} overruns the packet`);
    if (tag === TAG_DISSECTOR) {
      nameStart = at + 4;
      nameEnd = valueEnd;
    }
    at = valueEnd;
    if (tag === TAG_END) break;
  }
  packet.start = at;
  if (nameStart < 0) return { code: 'dissector', message: 'the packet names no dissector' };
  while (nameEnd > nameStart && data[nameEnd - 1] === 0) nameEnd -= 1;
  const name = new TextDecoder().decode(data.subarray(nameStart, nameEnd));
  if (name === DISSECTOR) return undefined;
  return { code: 'dissector', message: `the packet is for the dissector ${jsonText(name)}` };
}

function broken(message: string): LinkProblem {
  return { code: 'packet', message };
}
