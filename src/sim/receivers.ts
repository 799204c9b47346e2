import { sameBytes } from '../base/bytes.js';
import { frameSeq, frameType, type Taken } from '../machine/index.js';
import { MessageType } from '../schema/index.js';

/**
 * Compares what VMs took on a real machine. VMs run in parallel there, so the order between receivers is not compared.
 * Once a queue has overflowed, the numbers of later notifications depend on how fast its VM took messages, so they are
 * not compared either.
 */
export class RealReceivers {
  readonly #dead = new Set<number>();
  #nextNumber = 0;
  #looseNumbers = false;

  /** The machine boots again. */
  clear(): void {
    this.#dead.clear();
    this.#nextNumber = 0;
    this.#looseNumbers = false;
  }

  /** The recording says that a VM does not execute, so it takes nothing in this boot. */
  declareDead(vmid: number): void {
    this.#dead.add(vmid);
  }

  isDead(vmid: number): boolean {
    return this.#dead.has(vmid);
  }

  /**
   * Must be called for every message that the simulated manager puts on a queue. A notification number that is skipped
   * means that a queue has overflowed: until the next boot, numbers of notifications are not compared.
   */
  sent(frame: Uint8Array): void {
    if (!isNotification(frame)) return;
    const number = frameSeq(frame);
    if (number !== this.#nextNumber) this.#looseNumbers = true;
    this.#nextNumber = (number + 1) & 0xffff;
  }

  /** Whether each VM took the same messages in the same order. */
  same(left: readonly Taken[], right: readonly Taken[]): boolean {
    return [...new Set([...left, ...right].map(({ to }) => to))].every((vmid) =>
      sameFrames(this.#takenBy(vmid, left), this.#takenBy(vmid, right)),
    );
  }

  #takenBy(vmid: number, frames: readonly Taken[]): readonly Taken[] {
    const own = frames.filter(({ to }) => to === vmid);
    return this.#looseNumbers ? own.map(withoutNumber) : own;
  }
}

function isNotification(frame: Uint8Array): boolean {
  return frameType(frame) === MessageType.notification;
}

/** A notification with its number set to 0. Other messages are returned unchanged. */
function withoutNumber(item: Taken): Taken {
  if (!isNotification(item.frame)) return item;
  const frame = item.frame.slice();
  frame.fill(0, 2, 4);
  return { ...item, frame };
}

/** Whether two lists hold the same messages to the same VMs in the same order. */
export function sameFrames(left: readonly Taken[], right: readonly Taken[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) {
    const { to, frame } = left[at] as Taken;
    const other = right[at] as Taken;
    if (to !== other.to || !sameBytes(frame, other.frame)) return false;
  }
  return true;
}
