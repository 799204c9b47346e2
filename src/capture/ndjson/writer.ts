import { formatDecimal } from '../../base/decimal.js';
import type { Issue } from '../../base/error.js';
import { formatHex } from '../../base/hex.js';
import { formatTime } from '../../base/time.js';
import { codecOf } from '../../codec/index.js';
import { sizesOf } from '../../rpc/index.js';
import { formatId, type Header, type Message, messageTypeNames, type Protocol } from '../../schema/index.js';
import { enumName, payloadText, payloadToJson } from '../payload/index.js';
import type { CaptureRecord, Frame, RecordPacket } from '../records/index.js';

/**
 * A record as one NDJSON line with its line feed: keys in the order of the command-line contract, each only where it
 * applies. Built as text directly, because this is what `decode --json` spends its time on.
 */
export function recordLine(protocol: Protocol, record: CaptureRecord): string {
  const { packets, message, issues } = record;
  const first = packets[0] as RecordPacket;
  let line = `{"no":${formatDecimal(record.no)},"frame":${formatDecimal(first.frame)}`;
  if (packets.length > 1 || first.size > protocol.limits.content) line += severalKeys(protocol, record);
  else if (first.time !== undefined) line += `,"time":"${formatTime(first.time)}"`;
  line += commentKey(packets);
  line += `,"from":${record.from},"to":${record.to},"type":"${record.type}"`;
  if (record.seq !== undefined)
    line += `,"seq":${formatDecimal(record.seq)},${nameKeys(record.id as number, message)}`;
  if (packets.length > 1) line += `,"fragments":${packets.length - 1}`;
  if (record.incomplete) line += `,"incomplete":true,"announced":${record.announced}`;
  if (record.error !== undefined) line += `,"error":${errorJson(protocol, record.error)}`;
  if (record.request !== undefined) line += `,"request":${formatDecimal(record.request)}`;
  if (record.duplicateOf !== undefined) line += `,"duplicate_of":${record.duplicateOf}`;
  if (record.latencyNs !== undefined) line += `,"latency_ns":${formatDecimal(record.latencyNs)}`;
  if (record.payload !== undefined && record.layout !== undefined) {
    const text = record.complete
      ? payloadText(record.layout)(record.payload)
      : JSON.stringify(payloadToJson(record.layout, record.payload));
    line += `,"payload":${text}`;
  }
  if (record.rest !== undefined) line += `,"rest":"${formatHex(record.rest)}"`;
  if (issues.length > 0) line += `,"issues":${issuesJson(issues)}`;
  if (record.raw !== undefined) line += `,"raw":"${formatHex(record.raw)}"`;
  return `${line}}\n`;
}

const namesMade = new WeakMap<Message, string>();

/** `id` and `name`, made once per message. */
function nameKeys(id: number, message: Message | undefined): string {
  if (message === undefined) return `"id":"${formatId(id)}"`;
  let keys = namesMade.get(message);
  if (keys === undefined) {
    keys = `"id":"${formatId(id)}","name":"${message.name}"`;
    namesMade.set(message, keys);
  }
  return keys;
}

/** A queue message on its own as one NDJSON line (`decode --frames --json`). */
export function frameLine(protocol: Protocol, frame: Frame): string {
  const { packet, header, index, issues } = frame;
  let line = `{"frame":${packet.frame}`;
  if (packet.time !== undefined) line += `,"time":"${formatTime(packet.time)}"`;
  if (packet.comment !== undefined) line += `,"comment":${JSON.stringify(packet.comment)}`;
  line += `,"from":${frame.from},"to":${frame.to},"type":"${frameType(frame)}"`;
  if (header !== undefined) {
    line += `,"seq":${header.seq},"id":"${formatId(header.msg_id)}"`;
    const message = protocol.byId.get(header.msg_id);
    if (message !== undefined) line += `,"name":"${message.name}"`;
    line += `,"fragments":${header.fragments}`;
  }
  if (index !== undefined) line += `,"index":${index}`;
  line += `,"size":${packet.end - packet.start}`;
  if (issues.length > 0) line += `,"issues":${issuesJson(issues)}`;
  return `${line},"raw":"${formatHex(packet.data, packet.start, packet.end)}"}\n`;
}

/** The type that a queue message has by itself. */
export function frameType({ header }: Frame): string {
  return header === undefined ? 'malformed' : (messageTypeNames[header.type] as string);
}

/** A reply's error word: its name, or the number when it has none. */
export function errorJson(protocol: Protocol, error: number): string {
  const name = enumName(protocol.error, error);
  return name === undefined ? String(error) : `"${name}"`;
}

/** `frames`, `sizes`, `time`, `times`: what more than one packet, or one above the usual size, needs. */
function severalKeys(protocol: Protocol, { packets, size, type, incomplete }: CaptureRecord): string {
  const first = packets[0] as RecordPacket;
  let keys = '';
  if (packets.some(({ frame }, index) => frame !== first.frame + index)) {
    keys += `,"frames":[${packets.map(({ frame }) => frame).join()}]`;
  }
  const isMessage = type !== 'continuation' && type !== 'malformed';
  const usual = sizesOf(protocol, size, packets.length);
  if (isMessage && packets.some((packet, index) => packet.size !== usual[index])) {
    keys += `,"sizes":[${packets.map((packet) => packet.size).join()}]`;
  }
  if (isMessage && !headersFollow(packets, incomplete)) {
    keys += `,"headers":[${packets.map(({ header }) => `"${headerHex(protocol, header as Header)}"`).join()}]`;
  }
  const text = (time: bigint | undefined) => (time === undefined ? 'null' : `"${formatTime(time)}"`);
  if (first.time !== undefined) keys += `,"time":${text(first.time)}`;
  if (packets.some(({ time }) => time !== first.time)) {
    keys += `,"times":[${packets.map(({ time }) => text(time)).join()}]`;
  }
  return keys;
}

/**
 * Whether the headers of a message's packets are what encode makes of the first one. A client's rules take other
 * continuations too, and may stop before as many have come as the header announces.
 */
function headersFollow([first, ...others]: readonly RecordPacket[], incomplete: boolean): boolean {
  const { seq, msg_id, fragments } = (first as RecordPacket).header as Header;
  const same = others.every(
    ({ header }) => header?.seq === seq && header.msg_id === msg_id && header.fragments === fragments,
  );
  return same && (incomplete || others.length === fragments);
}

function headerHex(protocol: Protocol, header: Header): string {
  return formatHex(codecOf(protocol.header).toBytes(header));
}

/** The comment of a message of one packet; an array with null for none when a later packet has one. */
function commentKey(packets: readonly RecordPacket[]): string {
  if (packets.every(({ comment }) => comment === undefined)) return '';
  const texts = packets.map(({ comment }) => comment ?? null);
  return `,"comment":${JSON.stringify(texts.slice(1).every((text) => text === null) ? texts[0] : texts)}`;
}

function issuesJson(issues: readonly Issue[]): string {
  const plain = (value: number | bigint | string) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
  return JSON.stringify(
    issues.map(({ code, path, offset, expected, actual }) => ({
      code,
      path,
      offset,
      expected: plain(expected),
      actual: plain(actual),
    })),
  );
}
