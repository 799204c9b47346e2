import { constants } from '../../schemas/index.js';
import { MessageType } from '../schema/index.js';
import type { RecordedFrame } from './recording.js';

/**
 * Compares what VMs took on a real machine, where they run side by side: the order between receivers is not
 * normative, and a VM other than HLOS may take a message only steps later, or never once it is gone. The
 * gaps in notification numbers while a queue is full depend on how fast its receiver drains it.
 */
export class LateReceivers {
  /** Per VM: sent to it by the simulation and not taken by the recorded one yet. */
  readonly #pending = new Map<number, RecordedFrame[]>();
  #looseNumbers = false;

  /** The machine starts afresh. */
  clear(): void {
    this.#pending.clear();
    this.#looseNumbers = false;
  }

  /** A receiver has been slowed down: from here to the next boot, numbers of notifications do not count. */
  loosenNumbers(): void {
    this.#looseNumbers = true;
  }

  /** Whether what the recorded VMs took is what was sent to them first and HLOS has nothing left to take. */
  same(sent: readonly RecordedFrame[], taken: readonly RecordedFrame[]): boolean {
    const comparable = (item: RecordedFrame) => (this.#looseNumbers ? withoutNumber(item) : item);
    for (const item of sent) this.#of(item.to).push(item);
    let equal = true;
    for (const vmid of new Set([...sent, ...taken].map(({ to }) => to))) {
      const pending = this.#of(vmid);
      const recorded = taken.filter(({ to }) => to === vmid).map(comparable);
      const fits = () =>
        sameFrames(pending.slice(0, recorded.length).map(comparable), recorded) &&
        (vmid !== constants.VMID_HLOS || pending.length === recorded.length);
      // What a VM left behind goes with it when it is reset.
      if (!fits()) pending.splice(0, pending.length, ...sent.filter(({ to }) => to === vmid));
      if (fits()) pending.splice(0, recorded.length);
      else {
        equal = false;
        pending.length = 0;
      }
    }
    return equal;
  }

  #of(vmid: number): RecordedFrame[] {
    let list = this.#pending.get(vmid);
    if (list === undefined) {
      list = [];
      this.#pending.set(vmid, list);
    }
    return list;
  }
}

/** A notification with sequence number 0; anything else as it is. */
function withoutNumber(item: RecordedFrame): RecordedFrame {
  if (((item.frame[1] ?? 0) & 3) !== MessageType.notification) return item;
  const frame = item.frame.slice();
  frame.fill(0, 2, 4);
  return { ...item, frame };
}

/** Whether two lists hold the same messages to the same VMs in the same order. */
export function sameFrames(left: readonly RecordedFrame[], right: readonly RecordedFrame[]): boolean {
  return (
    left.length === right.length &&
    left.every((item, index) => {
      const other = right[index];
      return (
        other !== undefined &&
        item.to === other.to &&
        item.frame.byteLength === other.frame.byteLength &&
        item.frame.every((byte, at) => byte === other.frame[at])
      );
    })
  );
}
