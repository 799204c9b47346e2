import type { Direction } from './message.js';
import { readStamp, type Stamp } from './stamp.js';

/** Sixteen bytes or fewer of a dump that print_hex_dump_debug of a Gunyah driver printed. */
export interface DumpLine {
  readonly direction: Direction;
  /**
   * `queue`: a message of some queue. `repeat`: RM's driver prints what the queue's driver has printed before.
   * `payload`: RM's driver prints the payload without its header.
   */
  readonly source: 'queue' | 'repeat' | 'payload';
  /** Prefix and, where the kernel tells, thread: lines of one dump have the same. */
  readonly key: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly stamp: Stamp;
}

/**
 * `gh_msgq_send: 00000000: 21 01 …`; the prefix of receives is the function's name without a colon. The ASCII column
 * that other callers ask for stands behind two spaces.
 */
const DUMP =
  /(gh_msgq_\w*?(send|recv|tx|rx)\w*?|gunyah_msgq_\w*?(send|recv|tx|rx)\w*?|gh_rm_recv|gh_rm_call (?:TX|RX))(?::? ?)([0-9a-f]{8}): ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: {2}.*| ?)$/;

/** A stamp, a prefix, an offset and sixteen bytes with their characters take less. */
const DUMP_LINE_MAX = 1024;

/** Whether a line could be a dump of a Gunyah driver: a cheap test. */
export function mayBeDump(line: string): boolean {
  return line.includes('gh_') || line.includes('gunyah_msgq');
}

/** @param text the line of a kernel log. @returns undefined when it is no dump of a Gunyah driver. */
export function parseDumpLine(text: string): DumpLine | undefined {
  const match = text.length > DUMP_LINE_MAX ? null : DUMP.exec(text);
  if (match === null) return undefined;
  const [, prefix = '', old, recent, offset = '', hex = ''] = match;
  const stamp = readStamp(text);
  const word = old ?? recent;
  const ofRm = prefix === 'gh_rm_recv' ? 'repeat' : 'payload';
  return {
    direction: word === 'send' || word === 'tx' ? 'tx' : 'rx',
    source: word === undefined ? ofRm : 'queue',
    key: `${prefix} ${stamp.caller}`,
    offset: Number.parseInt(offset, 16),
    bytes: Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16)),
    stamp,
  };
}
