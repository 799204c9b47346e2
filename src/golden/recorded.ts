import { concatenated, viewOf } from '../base/bytes.js';
import { defined } from '../base/defined.js';
import { formatIssue } from '../base/error.js';
import { parseHex } from '../base/hex.js';
import { errorWordSize, payloadToJson } from '../capture/payload/index.js';
import { annotate } from '../codec/index.js';
import { bareErrorReply, type MessagePart, type PartName, partsOf } from '../export/parts.js';
import { headerReader } from '../rpc/index.js';
import { type Message, messageTypeNames, type Protocol } from '../schema/index.js';
import type { Evidence, RecordedMessage } from './evidence.js';
import type { Fixture } from './fixture.js';

/** The recorded messages with the id of a message. Those of each part are numbered: `recorded_1`. */
export function recordedFixtures(protocol: Protocol, message: Message, { recorded }: Evidence): Fixture[] {
  const counts = new Map<string, number>();
  return recorded.flatMap((item) => {
    const frames = item.frames.map((frame) => parseHex(frame) ?? new Uint8Array(0));
    const fixture = recordedFixture(protocol, message, item, frames);
    if (fixture === undefined) return [];
    const prefix = `${message.name}.${fixture.part.part}.${fixture.form}`;
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    return [{ ...fixture, form: `${fixture.form}_${count}`, name: `${prefix}_${count}` }];
  });
}

function recordedFixture(
  protocol: Protocol,
  message: Message,
  { provenance, source }: RecordedMessage,
  frames: readonly Uint8Array[],
): Fixture | undefined {
  const header = headerReader(protocol);
  const [first] = frames as [Uint8Array];
  const { type, seq, msg_id: id } = header.read(viewOf(first), 0);
  if (id !== message.id) return undefined;
  const payload = concatenated(frames.map((frame) => frame.subarray(header.size)));
  const kind = messageTypeNames[type] as MessagePart['type'];
  const error = kind === 'reply' ? viewOf(payload).getUint32(0, true) : undefined;
  const part = partOf(message, kind, error);
  const { value, issues } = annotate(part.layout, payload.subarray(error === undefined ? 0 : errorWordSize));
  const [issue] = issues;
  return defined({
    name: '',
    part,
    form: provenance,
    seq,
    error,
    value: payloadToJson(part.layout, value),
    fault: issue && formatIssue(issue),
    payload,
    frames,
    provenance,
    source,
  });
}

function partOf(message: Message, type: MessagePart['type'], error: number | undefined): MessagePart {
  const name: PartName = type === 'reply' && error !== 0 ? 'error_reply' : type;
  const declared = partsOf(message).find(({ part }) => part === name);
  const key = `${message.name.toLowerCase()}_${name}`;
  return declared ?? { message, part: name, type, layout: bareErrorReply, key };
}
