import { protocol, VM_ALLOC_VMID } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import type { Finding } from '../../src/lint/index.js';
import { fragment, headerReader } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { mainlineTable } from '../host/mainline-calls.js';
import { playReply } from '../host/play.js';
import { isQcom, qcomTable } from '../host/qcom-calls.js';
import { argument, bytesOf, type ReplyLine } from '../host/vectors.js';
import { lintLines } from './lint-lines.js';

const HOST = 3;
const qcom = qcomTable('faithful');
const header = headerReader(protocol);

/** A recorded reaction as a recording: the client's requests, and what came in, a step for each interrupt. */
export function recordingOf(line: ReplyLine): object[] {
  const { client, name, args, call, incoming } = line;
  const first = argument(args, 'seq');
  // A client that crashed did not say what it had sent; ours sends the same.
  const sent = call === 'none' ? [] : playReply(line, isQcom(line) ? qcom : mainlineTable).driver.requests;
  const requests = sent.map(({ id, payload }, index) => {
    return {
      seq: first + index,
      frames: fragment(protocol, { type: MessageType.request, seq: first + index, msg_id: id }, payload),
    };
  });
  const lines: object[] = [{ scenario: `${client} ${name}` }, ...vmOf(args)];
  const send = (until: number) => {
    for (let next = requests[0]; next !== undefined && next.seq <= until; next = requests[0]) {
      for (const frame of next.frames) lines.push({ op: 'enqueue', from: HOST, frame: formatHex(frame) });
      requests.shift();
    }
  };
  send(first);
  for (const interrupt of incoming) {
    const frames = [interrupt].flat() as string[];
    for (const frame of frames) {
      const bytes = bytesOf(frame);
      if (bytes.length < header.size) continue;
      const { type, seq } = header.read(new DataView(bytes.buffer, bytes.byteOffset), 0);
      if (type === MessageType.reply && seq < first + 8) send(seq);
    }
    lines.push({ op: 'run', out: frames.map((frame) => ({ to: HOST, frame })) });
  }
  send(Number.POSITIVE_INFINITY);
  return lines;
}

/** How the client got the VM that the recorder gave it, whose handler takes notifications. */
function vmOf(args: ReplyLine['args']): object[] {
  if (args.vmnb !== 1) return [];
  const seq = 0xffff;
  const frame = (type: number, words: number[]) =>
    formatHex(
      fragment(
        protocol,
        { type, seq, msg_id: VM_ALLOC_VMID.id },
        new Uint8Array(Uint32Array.from(words).buffer),
      )[0] as Uint8Array,
    );
  const vmid = argument(args, 'vmid');
  return [
    { op: 'enqueue', from: HOST, frame: frame(MessageType.request, [0]) },
    { op: 'run', out: [{ to: HOST, frame: frame(MessageType.reply, [0, vmid]) }] },
  ];
}

/** What lint finds of a recorded reaction for its client. */
export function findingsOf(line: ReplyLine): Finding[] {
  const found: Finding[] = [];
  const finding = (one: Finding) => found.push(one);
  const peers = new Set([line.client]);
  lintLines({ file: () => undefined, peers, finding, note: () => {} }, recordingOf(line));
  return found;
}

/** Whether the recorded client crashed, waited for ever, leaked or used uninitialised memory. */
export function isHurt(line: ReplyLine): boolean {
  const { call, outcome, leaks_reply, depends_on_uninitialised_memory } = line;
  // The recorder's own caller did not free what a heap query returned to it.
  if (call === 'q_heap_query' && outcome.ret === 0) return false;
  return (
    outcome.crash !== undefined ||
    outcome.never_returns === true ||
    leaks_reply === true ||
    depends_on_uninitialised_memory === true
  );
}
