import {
  limits,
  VM_MINIDUMP_DEREGISTER_SLOT,
  VM_MINIDUMP_GET_INFO,
  VM_MINIDUMP_GET_SLOT_NUMBER,
  VM_MINIDUMP_REGISTER_RANGE,
} from '../../../../schemas/index.js';
import { Access } from '../../../hypervisor/index.js';
import { RmError } from '../../codes.js';
import type { Context } from '../../context.js';
import type { Vm } from '../../vm.js';
import { type Assumption, type HandlerRow, handler } from '../row.js';

const SLOTS_MAX = 64;
/** Offset of the name from the start of the queue message, which is all that clients send. */
const NAME_OFFSET = limits.header + VM_MINIDUMP_REGISTER_RANGE.request.sizeMin;
const ADDRESS_LIMIT = 1n << 48n;

const aManager = 'a manager that has the message';
const assumed = (text: string): readonly Assumption[] => [{ text, wouldTell: aManager }];

const textOf = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** Whether a VM sees memory at the first and the last byte of a range. */
function sees(rm: Context, { vmid }: Vm, start: bigint, size: bigint): boolean {
  if (size === 0n || start + size > ADDRESS_LIMIT) return false;
  return [start, start + size - 1n].every(
    (address) => 'phys' in rm.hypervisor.memory.translate(vmid, Number(address), Access.R),
  );
}

const getInfo = handler(
  VM_MINIDUMP_GET_INFO,
  (_rm, sender) => ({ slot_num: SLOTS_MAX - sender.dumpRanges.size }),
  { assumed: assumed(`Each VM has ${SLOTS_MAX} slots, and every VM may use them.`) },
);

const register = handler(
  VM_MINIDUMP_REGISTER_RANGE,
  (rm, sender, { base_ipa: start, region_size: size, name_offset, name }) => {
    const { dumpRanges } = sender;
    if (name_offset !== NAME_OFFSET || !sees(rm, sender, start, size)) return RmError.ARGUMENT_INVALID;
    if (dumpRanges.size === SLOTS_MAX) return RmError.NORESOURCE;
    let slot_num = 0;
    while (dumpRanges.has(slot_num)) slot_num++;
    dumpRanges.set(slot_num, { name: textOf(name), start, size });
    return { slot_num };
  },
  {
    assumed: assumed(
      "The lowest free slot; the memory is the sender's, else ARGUMENT_INVALID; no slot left: NORESOURCE. Two ranges may have one name. VM_RESET frees the slots.",
    ),
  },
);

const deregister = handler(
  VM_MINIDUMP_DEREGISTER_SLOT,
  (_rm, sender, { slot_num }) => (sender.dumpRanges.delete(slot_num) ? RmError.OK : RmError.ARGUMENT_INVALID),
  { assumed: assumed('A slot that is not in use is ARGUMENT_INVALID.') },
);

const getSlot = handler(
  VM_MINIDUMP_GET_SLOT_NUMBER,
  (_rm, sender, { starting_slot, name }) => {
    const wanted = textOf(name);
    for (let slot_num = starting_slot; slot_num < SLOTS_MAX; slot_num++)
      if (sender.dumpRanges.get(slot_num)?.name === wanted) return { slot_num };
    return RmError.LOOKUP_FAILED;
  },
  {
    assumed: assumed(
      'The first slot from starting_slot on whose name is exactly this one, else LOOKUP_FAILED.',
    ),
  },
);

export const minidumpRows: readonly HandlerRow[] = [getInfo, register, deregister, getSlot];
