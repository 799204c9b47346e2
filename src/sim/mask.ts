import { limits, VM_GET_HYP_RESOURCES } from '../../schemas/index.js';
import { frameId, frameType, type Taken } from '../machine/index.js';
import { MessageType } from '../schema/index.js';

const ERROR_AND_COUNT_SIZE = 8;
const RESOURCE_SIZE = 44;
const CAP_ID_OFFSET = 12;
const CAP_ID_SIZE = 8;

/**
 * Sets the capability ids in VM_GET_HYP_RESOURCES replies to zero, because the hypervisor chooses them and they differ
 * from run to run. A reply may be fragmented, so the mask must see every queue message to a VM in order.
 */
export class CapabilityMask {
  /** By VMID: how many payload bytes of the resource reply in progress it has seen. */
  readonly #position = new Map<number, number>();

  /** The queue messages with capability ids set to zero; the same list if there are none. */
  applyAll(messages: readonly Taken[]): readonly Taken[] {
    let changed: Taken[] | undefined;
    for (let index = 0; index < messages.length; index++) {
      const { to, frame } = messages[index] as Taken;
      const masked = this.apply(to, frame);
      if (masked === frame) continue;
      changed ??= [...messages];
      changed[index] = { to, frame: masked };
    }
    return changed ?? messages;
  }

  /** The queue message with capability ids set to zero; a copy where there are any. */
  apply(to: number, frame: Uint8Array): Uint8Array {
    if (frameId(frame) !== VM_GET_HYP_RESOURCES.id) return frame;
    const first = frameType(frame) === MessageType.reply;
    const position = first ? 0 : this.#position.get(to);
    if (position === undefined) return frame;
    const content = frame.length - limits.header;
    this.#position.set(to, position + content);
    const masked = frame.slice();
    for (let at = 0; at < content; at++) {
      const inEntry = (position + at - ERROR_AND_COUNT_SIZE) % RESOURCE_SIZE;
      if (
        position + at >= ERROR_AND_COUNT_SIZE &&
        inEntry >= CAP_ID_OFFSET &&
        inEntry < CAP_ID_OFFSET + CAP_ID_SIZE
      )
        masked[limits.header + at] = 0;
    }
    return masked;
  }
}
