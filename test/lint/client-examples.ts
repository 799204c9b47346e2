import { VM_GET_STATE } from '../../schemas/index.js';
import { replyLines } from '../host/vectors.js';
import { recordingOf } from './reactions.js';

/** By hazard: the recorded reaction that shows it with the fewest bytes, by its client and name. */
const reactions: Readonly<Record<string, readonly [client: string, name: string]>> = {
  'no-reply': ['a14', 'no answer at all'],
  'reply-after-return': [
    'a14',
    'complete reply followed at once by the start of another with the same sequence; its end arrives after the call returned',
  ],
  'overwritten-reply': ['a15', 'two complete replies back to back'],
  'nomem-reply-kept': ['a14', 'reply of 8 bytes while another reply is partial'],
  'device-refs-leaked': ['a15', 'fragmented notification cut by another notification'],
  'unexpected-reply': ['a14', 'unknown sequence only'],
  'reply-without-error-word': ['a15', 'reply of 9 bytes (no complete error word)'],
  'small-reply-buffer': ['q515', 'good reply, all fragments full (n=2): 228+464 bytes'],
  'missing-reply-buffer': ['q515', 'first payload empty, one continuation with 4 bytes'],
  'empty-reply': ['q61', 'get_this_vmid ok 0 bytes'],
  'short-reply': ['a14', 'get_vmid, ok with 1 payload bytes'],
  'unread-reply': ['q61', 'alloc_vmid(45) ok 2 bytes'],
  'empty-notification': ['a14', 'notification: VM_STATUS truncated to 0 bytes'],
  'short-notification': ['a14', 'notification: VM_EXITED truncated to 2 bytes'],
  'unset-reply-pointer': ['a14', 'get_hyp_resources empty'],
  'lost-reply': ['q61', 'minidump_register ok 4 bytes'],
  'id-entries-overread': ['q61', 'get_id n=2, first length runs past the end'],
  'heap-parcels-unread': ['q612', 'heap_query type 1 empty'],
  'notification-without-payload': ['a14', 'notification: VM_STATUS truncated to 0 bytes'],
  'notification-overread': ['a14', 'notification: VM_EXITED truncated to 2 bytes'],
};

const written: Readonly<Record<string, readonly object[]>> = {
  'error-reply-pointer': [
    { op: 'enqueue', from: 3, frame: `21010000${wordOf(VM_GET_STATE.id)}80000000` },
    { op: 'run', out: [{ to: 3, frame: `21020000${wordOf(VM_GET_STATE.id)}03000000` }] },
  ],
};

/** For each hazard that traffic shows, the recording that shows it for all its clients. */
export function clientExamples(): readonly { readonly name: string; readonly lines: readonly object[] }[] {
  const recorded = Object.entries(reactions).map(([name, [client, title]]) => {
    const line = replyLines.find((one) => one.client === client && one.name === title);
    if (line === undefined) throw new Error(`no reaction of ${client} to ${title}`);
    return { name, lines: recordingOf(line).slice(1) };
  });
  const others = Object.entries(written).map(([name, lines]) => ({ name, lines }));
  return [...recorded, ...others].map(({ name, lines }) => ({ name, lines: [{ scenario: name }, ...lines] }));
}

/** A word as it is on the wire. */
function wordOf(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}
