import { limits, MEM_DONATE, MEM_LEND, MEM_SHARE, VM_ALLOC_VMID } from '../../schemas/index.js';
import type { RecordContents } from '../capture/records/index.js';
import { frameId, frameSeq, frameType, type Taken, wordAt } from '../machine/index.js';
import type { ResourceManager } from '../rm/index.js';
import { MessageType } from '../schema/index.js';
import type { RecordedStep } from '../sim/index.js';

const ERROR_OFFSET = limits.header;
const VALUE_OFFSET = ERROR_OFFSET + 4;
const parcelCalls: ReadonlySet<number> = new Set([MEM_DONATE.id, MEM_LEND.id, MEM_SHARE.id]);

/** The reply to a request among the messages that followed; undefined if there is none, or none that can be read. */
function replyIn(from: number, id: number, seq: number, out: readonly Taken[]): Uint8Array | undefined {
  for (const { to, frame } of out)
    if (to === from && frame.length >= VALUE_OFFSET && frameId(frame) === id)
      if (frameType(frame) === MessageType.reply && frameSeq(frame) === seq) return frame;
  return undefined;
}

/** The error word of the reply that was seen to a request; undefined if none was. */
export function seenReply({ from, id, seq }: RecordContents, out: readonly Taken[]): number | undefined {
  const reply = id === undefined || seq === undefined ? undefined : replyIn(from, id, seq, out);
  return reply && wordAt(reply, ERROR_OFFSET);
}

/** Whether a request was answered with an error. */
export function isRefused(record: RecordContents, out: readonly Taken[]): boolean {
  return (seenReply(record, out) ?? 0) !== 0;
}

/**
 * Lets the model choose the numbers that the manager was seen to choose: handles of parcels, and VMIDs.
 *
 * @returns false when the model has given out that number already, so that it is in another state altogether.
 */
export function correct(manager: ResourceManager, step: RecordedStep): boolean {
  if (step.kind !== 'frame') return true;
  const msg_id = frameId(step.frame);
  if (msg_id !== VM_ALLOC_VMID.id && !parcelCalls.has(msg_id)) return true;
  if (frameType(step.frame) !== MessageType.request) return true;
  const reply = replyIn(step.from, msg_id, frameSeq(step.frame), step.out);
  if (reply === undefined || wordAt(reply, ERROR_OFFSET) !== 0 || reply.length < VALUE_OFFSET + 4)
    return true;
  const chosen = wordAt(reply, VALUE_OFFSET);
  if (parcelCalls.has(msg_id)) {
    manager.parcels.nextHandle = chosen;
    return manager.parcels.get(chosen) === undefined;
  }
  manager.nextVmid = chosen;
  return manager.vm(chosen) === undefined;
}
