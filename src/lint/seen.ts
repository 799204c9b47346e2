import { MEM_DONATE, MEM_LEND, MEM_SHARE, protocol, VM_ALLOC_VMID } from '../../schemas/index.js';
import { viewOf } from '../base/bytes.js';
import type { CaptureRecord } from '../capture/records/index.js';
import { frameId, type Taken } from '../machine/index.js';
import type { ResourceManager } from '../rm/index.js';
import { headerReader } from '../rpc/index.js';
import { MessageType } from '../schema/index.js';
import type { RecordedStep } from '../sim/index.js';

const header = headerReader(protocol);
const ERROR_OFFSET = header.size;
const VALUE_OFFSET = ERROR_OFFSET + 4;
const parcelCalls: ReadonlySet<number> = new Set([MEM_DONATE.id, MEM_LEND.id, MEM_SHARE.id]);

interface Reply {
  readonly error: number;
  /** The first word behind the error word. */
  readonly value: number | undefined;
}

/** The reply to a request among the messages that followed; undefined if there is none, or none that can be read. */
function replyIn(from: number, id: number, seq: number, out: readonly Taken[]): Reply | undefined {
  for (const { to, frame } of out) {
    if (to !== from || frame.byteLength < VALUE_OFFSET || frameId(frame) !== id) continue;
    const view = viewOf(frame);
    const { type, seq: number } = header.read(view, 0);
    if (type !== MessageType.reply || number !== seq) continue;
    const hasValue = frame.byteLength >= VALUE_OFFSET + 4;
    return {
      error: view.getUint32(ERROR_OFFSET, true),
      value: hasValue ? view.getUint32(VALUE_OFFSET, true) : undefined,
    };
  }
  return undefined;
}

/** The error word of the reply that was seen to a request; undefined if none was. */
export function seenReply({ from, id, seq }: CaptureRecord, out: readonly Taken[]): number | undefined {
  return id === undefined || seq === undefined ? undefined : replyIn(from, id, seq, out)?.error;
}

/** Whether a request was answered with an error. */
export function isRefused(record: CaptureRecord, out: readonly Taken[]): boolean {
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
  const { type, seq } = header.read(viewOf(step.frame), 0);
  if (type !== MessageType.request) return true;
  const reply = replyIn(step.from, msg_id, seq, step.out);
  if (reply?.error !== 0 || reply.value === undefined) return true;
  if (parcelCalls.has(msg_id)) {
    manager.parcels.nextHandle = reply.value;
    return manager.parcels.get(reply.value) === undefined;
  }
  manager.nextVmid = reply.value;
  return manager.vm(reply.value) === undefined;
}
