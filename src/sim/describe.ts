import { constants, protocol } from '../../schemas/index.js';
import { formatHex } from '../base/hex.js';
import { jsonText } from '../base/json.js';
import { keysOfRecords } from '../capture/keys/index.js';
import { emptyPacket, putMessage } from '../capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../capture/records/index.js';
import type { Taken } from '../machine/index.js';
import { rmRules } from '../rpc/index.js';

const { VMID_RM } = constants;

/** A queue message from `from` to `to`. */
export interface Message {
  readonly from: number;
  readonly to: number;
  readonly frame: Uint8Array;
}

/** Feeds queue messages to an assembler, numbering them. */
export class MessageFeed {
  readonly #packet = emptyPacket();
  readonly #assembler: Assembler;

  constructor(record: (record: CaptureRecord) => void) {
    this.#assembler = new Assembler({ protocol, rules: rmRules, record });
  }

  add({ from, to, frame }: Message, time?: bigint, comment?: string): void {
    const packet = this.#packet;
    packet.frame++;
    packet.time = time;
    putMessage(packet, from, to, frame);
    packet.comment = comment;
    this.#assembler.packet(packet);
  }

  end(): void {
    this.#assembler.end();
  }
}

/** The keys of `decode --json` of a record. */
export function recordKeys(record: CaptureRecord): Readonly<Record<string, unknown>> {
  return keysOfRecords.toJson(record, protocol);
}

/** A record on one short line: `to 3: reply VM_GET_STATE seq 4 OK {"vm_status":"RUNNING"}`. */
export function describeRecord(record: CaptureRecord): string {
  const { to, type, seq, id, name, error, payload, rest, raw, incomplete } = recordKeys(record);
  const words = [`to ${to}:`, type, name ?? id, seq === undefined ? undefined : `seq ${seq}`, error];
  if (incomplete === true) words.push('incomplete');
  if (payload !== undefined && JSON.stringify(payload) !== '{}') words.push(jsonText(payload));
  for (const bytes of [rest, raw]) if (bytes !== undefined) words.push(bytes);
  return words.filter((word) => word !== undefined).join(' ');
}

/** Queue messages put together and decoded. */
export function decodeMessages(messages: readonly Message[]): readonly CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const feed = new MessageFeed((record) => records.push(record));
  for (const message of messages) feed.add(message);
  feed.end();
  return records;
}

/**
 * What RM has sent, put together and decoded.
 *
 * @param asked the queue message before, if there was one: the layout of some replies depends on it.
 */
export function decodeAnswers(
  asked: Omit<Message, 'to'> | undefined,
  out: readonly Taken[],
): readonly CaptureRecord[] {
  const request = asked === undefined ? [] : [{ from: asked.from, to: VMID_RM, frame: asked.frame }];
  const answers = out.map((item) => ({ from: VMID_RM, ...item }));
  return decodeMessages([...request, ...answers]).filter(({ from }) => from === VMID_RM);
}

/** Queue messages on one line, decoded. `nothing` for an empty list. */
export function describeMessages(messages: readonly Message[]): string {
  if (messages.length === 0) return 'nothing';
  return decodeMessages(messages).map(describeRecord).join('; ');
}

/** Queue messages on one line as bytes, to tell apart messages that decode to the same text. */
export function describeBytes(messages: readonly Message[]): string {
  return messages.map(({ to, frame }) => `to ${to}: ${formatHex(frame)}`).join('; ');
}
