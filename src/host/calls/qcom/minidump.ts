import {
  limits,
  VM_MINIDUMP_DEREGISTER_SLOT,
  VM_MINIDUMP_GET_INFO,
  VM_MINIDUMP_GET_SLOT_NUMBER,
  VM_MINIDUMP_REGISTER_RANGE,
} from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { qcomHazards } from './hazards.js';
import { type QcomKernel, wrapLength } from './kernel.js';

/** A range of this VM's memory for crash dumps. */
export interface DumpRange {
  readonly base_ipa: bigint;
  readonly region_size: bigint;
  /** 0..255 bytes; more is a hazard. */
  readonly name: Uint8Array;
}

const NAME_SIZE_MAX = 0xff;
/** Offset of the name from the start of the queue message. */
const NAME_OFFSET = limits.header + VM_MINIDUMP_REGISTER_RANGE.request.sizeMin;

/** The calls that register memory for crash dumps. Slots are 0..65535. EINVAL for a reply of a wrong size. */
export function minidumpCalls(kernel: QcomKernel) {
  const checkName = (call: string, { length }: Uint8Array) => {
    if (length <= NAME_SIZE_MAX) return;
    const fault = { code: 'range', path: 'name', expected: `0..${NAME_SIZE_MAX} bytes`, actual: length };
    kernel.fault(call, 'local', fault, qcomHazards.minidump_name_size_wraps);
  };

  return {
    /** @returns the number of free slots. */
    *minidumpGetInfo(): Calling<number> {
      return (yield* kernel.call(VM_MINIDUMP_GET_INFO, {})).slot_num;
    },

    /** @returns the slot of the range. */
    *minidumpRegisterRange({ base_ipa, region_size, name }: DumpRange): Calling<number> {
      checkName(VM_MINIDUMP_REGISTER_RANGE.name, name);
      const { head, tail } = wrapLength(name, 8);
      const request = { base_ipa, region_size, name_offset: NAME_OFFSET, name: head };
      const { slot_num } = yield* kernel.callLong(VM_MINIDUMP_REGISTER_RANGE, request, tail);
      kernel.report(qcomHazards.lost_reply);
      return slot_num;
    },

    *minidumpDeregisterSlot(slot_num: number): Calling<void> {
      yield* kernel.call(VM_MINIDUMP_DEREGISTER_SLOT, { slot_num });
    },

    /** @returns the first slot with this name, from `starting_slot` on. */
    *minidumpGetSlotFromName(starting_slot: number, name: Uint8Array): Calling<number> {
      checkName(VM_MINIDUMP_GET_SLOT_NUMBER.name, name);
      const { head, tail } = wrapLength(name, 8);
      const request = { starting_slot, name: head };
      return (yield* kernel.callLong(VM_MINIDUMP_GET_SLOT_NUMBER, request, tail)).slot_num;
    },
  };
}
