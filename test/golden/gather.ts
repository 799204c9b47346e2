import { protocol } from '../../schemas/index.js';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { emptyPacket, type PacketSink, packetWith } from '../../src/capture/packets/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import {
  type Confirmation,
  digestOf,
  type Evidence,
  noEvidence,
  type RecordedMessage,
} from '../../src/golden/evidence.js';
import type { Fixture } from '../../src/golden/fixture.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { decodeMessage, rmRules } from '../../src/rpc/index.js';
import { MessageType, type MessageTypeName, payloadOf } from '../../src/schema/index.js';
import { ListType, StructType, type Values } from '../../src/wire/index.js';
import { captures, recorded, recordedLines } from '../recorded.js';
import { referenceEncode } from './reference-encode.js';

/** A message that somebody else made, with what it is like. */
interface Sighting extends RecordedMessage {
  readonly shape: string;
  readonly payload: string;
  readonly key: string;
}

/** What makes two messages alike: kind, error, which optional parts are there, and lists of none, one or more. */
export function shapeOf(
  id: number,
  type: string,
  error: number | undefined,
  layout: unknown,
  value: Values,
): string {
  const parts: string[] = [];
  const visit = (struct: StructType, values: Values) => {
    for (const { name, type: field, presence } of struct.fields) {
      const item = values[name];
      if (field instanceof ListType) {
        const items = item as unknown[] | undefined;
        parts.push(`${name}:${items === undefined ? '-' : Math.min(items.length, 2)}`);
        const select = 'cases' in field.entry ? values[field.entry.field] : '';
        if (select !== '') parts.push(`${name} by ${select}`);
      } else if (item instanceof Uint8Array) parts.push(`${name}:${item.length === 0 ? 0 : 'some'}`);
      else if (presence !== undefined) parts.push(`${name}:${item === undefined ? '-' : 'there'}`);
    }
    if (struct.mayBeEmpty) parts.push(Object.keys(values).length === 0 ? 'empty' : 'present');
  };
  if (layout instanceof StructType) visit(layout, value);
  return [id.toString(16), type, error ?? '', ...parts].join(' ');
}

/** Sightings of well-formed messages in the packets that `feed` hands on; `name` is where they come from. */
function inPackets(name: string, feed: (sink: PacketSink) => void): Sighting[] {
  const frames = new Map<number, Uint8Array>();
  const found: Sighting[] = [];
  const record = (item: CaptureRecord) => {
    const { id, type, error, layout, payload, issues, rest, packets } = item;
    if (issues.length > 0 || rest !== undefined || item.incomplete || item.bytes === undefined) return;
    if (
      id === undefined ||
      item.message === undefined ||
      (layout === undefined && (type !== 'reply' || !error))
    )
      return;
    const shape = `${shapeOf(id, type, error, layout, payload ?? {})}${packets.length > 1 ? ' cut' : ''}`;
    const [first] = packets;
    found.push({
      provenance: 'recorded',
      source: `${name} packet ${first?.frame}`,
      frames: packets.map(({ frame }) => formatHex(frames.get(frame) as Uint8Array)),
      shape,
      payload: formatHex(item.bytes),
      key: keyOf(id, type, formatHex(item.bytes)),
    });
  };
  const assembler = new Assembler({ protocol, rules: rmRules, keepBytes: true, record });
  feed((packet) => {
    frames.set(packet.frame, packet.data.slice(packet.start, packet.end));
    assembler.packet(packet);
  });
  assembler.end();
  return found;
}

function inCapture(name: string): Sighting[] {
  return inPackets(name, (sink) => {
    const bytes = recorded(name);
    const reader = openReader(protocol, detectFormat(bytes) as 'pcapng', sink, () => {});
    reader.push(bytes);
    reader.end();
  });
}

interface ScenarioLine {
  readonly scenario?: string;
  readonly from?: number;
  readonly frame?: string;
  readonly refused?: string;
  readonly out?: readonly { readonly to: number; readonly frame: string }[];
}

/** Sightings in recorded scenarios, each of which begins with a fresh boot. */
function inScenarios(name: string): Sighting[] {
  const { VMID_RM = 255 } = protocol.constants;
  const boots: { name: string; messages: [from: number, to: number, frame: string][] }[] = [];
  for (const { scenario, from, frame, refused, out = [] } of recordedLines<ScenarioLine>(name)) {
    if (scenario !== undefined) boots.push({ name: `${name} ${scenario}`, messages: [] });
    const messages = boots.at(-1)?.messages;
    if (from !== undefined && frame !== undefined && refused === undefined)
      messages?.push([from, VMID_RM, frame]);
    for (const item of out) messages?.push([VMID_RM, item.to, item.frame]);
  }
  return boots.flatMap((boot) =>
    inPackets(boot.name, (sink) => {
      for (const [index, [from, to, frame]] of boot.messages.entries()) {
        const data = parseHex(frame) as Uint8Array;
        const view = new DataView(data.buffer, data.byteOffset, data.length);
        sink(packetWith(emptyPacket(), { frame: index + 1, from, to, data, view, end: data.length }));
      }
    }),
  );
}

interface ClientLine {
  readonly client: string;
  readonly call: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly frames: readonly string[];
  readonly uninitialised?: string;
}

/** Sightings in what the public Linux clients sent; `call` is a bare call with arbitrary payload. */
function inClients(): Sighting[] {
  const lines = recordedLines<ClientLine>('linux-requests.ndjson');
  return lines.flatMap(({ client, call, frames, args, uninitialised }): Sighting[] => {
    if (call === 'call' || frames.length === 0 || uninitialised !== undefined) return [];
    if ('send_fail_at' in args || 'send_not_ready' in args) return [];
    const bytes = frames.map((frame) => parseHex(frame) as Uint8Array);
    try {
      const decoded = decodeMessage(protocol, bytes);
      const { id, type, payload, message } = decoded;
      const layout = payloadOf(message, MessageType[type]);
      const shape = `${shapeOf(id, type, undefined, layout, (payload ?? {}) as Values)}${frames.length > 1 ? ' cut' : ''}`;
      const text = formatHex(decoded.bytes);
      return [
        {
          provenance: 'client',
          source: `${client} ${call}`,
          frames,
          shape,
          payload: text,
          key: keyOf(id, type, text),
        },
      ];
    } catch {
      // Requests that the client itself gets wrong (test/rpc/linux-requests.test.ts counts them).
      return [];
    }
  });
}

function keyOf(id: number, type: MessageTypeName | string, payload: string): string {
  return `${id} ${type} ${payload}`;
}

/** Everything in the recordings that is a well-formed message. */
export function sightings(): Sighting[] {
  return [...captures.flatMap(inCapture), ...inScenarios('rm23-qemu.ndjson'), ...inClients()];
}

/** The smallest message of each shape, recorded ones before those of clients. */
export function chosen(all: readonly Sighting[]): Sighting[] {
  const best = new Map<string, Sighting>();
  for (const item of all) {
    const known = best.get(item.shape);
    if (
      known === undefined ||
      (known.provenance === item.provenance && item.payload.length < known.payload.length)
    ) {
      best.set(item.shape, item);
    }
  }
  return [...best.values()].sort((a, b) => (a.shape < b.shape ? -1 : 1));
}

/** What captures/golden/recorded.json holds. */
export function gatherEvidence(all: readonly Sighting[]): Evidence {
  const byKey = new Map<string, Sighting>();
  for (const item of all) if (!byKey.has(item.key)) byKey.set(item.key, item);
  const confirmed: Record<string, Confirmation> = {};
  for (const message of protocol.messages) {
    for (const fixture of fixturesOf(protocol, message, noEvidence)) {
      const found = byKey.get(keyOf(message.id, fixture.part.type, formatHex(fixture.payload)));
      const digest = digestOf(fixture.payload);
      if (found !== undefined) {
        confirmed[fixture.name] = { provenance: found.provenance, digest, source: found.source };
      } else if (agreesWithReference(fixture)) confirmed[fixture.name] = { provenance: 'layout', digest };
    }
  }
  return {
    recorded: chosen(all).map(({ provenance, source, frames }) => ({ provenance, source, frames })),
    confirmed,
  };
}

/** Whether the independent table makes the same payload of the fixture's value. */
export function agreesWithReference({ part, value, payload, error }: Fixture): boolean {
  const fields = referenceEncode(part.message.name, part.part, value, part.selection?.name);
  if (fields === undefined) return false;
  const word = part.type === 'reply' ? [0, 8, 16, 24].map((shift) => ((error ?? 0) >>> shift) & 0xff) : [];
  const bytes = [...word, ...fields];
  return bytes.length === payload.length && bytes.every((byte, at) => byte === payload[at]);
}

/** One item per line, so that a change of one is a change of one line. */
export function evidenceText({ recorded: messages, confirmed }: Evidence): string {
  const list = messages.map((item) => JSON.stringify(item)).join(',\n');
  const table = Object.entries(confirmed).map(
    ([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`,
  );
  return `{"recorded":[\n${list}\n],\n"confirmed":{\n${table.join(',\n')}\n}}\n`;
}
