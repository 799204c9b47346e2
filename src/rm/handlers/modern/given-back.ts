import { IPA_RESERVE, IPA_UNRESERVE, type IpaFixedRange, VM_IRQ_UNMAP } from '../../../../schemas/index.js';
import { countedList, empty, field, struct, u32 } from '../../../schema/index.js';
import { AllocType, RmError } from '../../codes.js';
import { constraintTag } from '../../create/init.js';
import { type HandlerRow, handler, withLayouts } from '../row.js';

const unmapMessage = withLayouts(
  VM_IRQ_UNMAP,
  struct(4, { virqs: field(countedList(u32, 'count', u32), 'numbers that the sender gives up') }),
  empty,
);
const unmap = handler(
  unmapMessage,
  (rm, sender, { virqs }) => {
    const { interrupts } = sender;
    if (new Set(virqs).size !== virqs.length || !virqs.every((virq) => interrupts?.isAccepted(virq)))
      return RmError.IRQ_INVALID;
    for (const virq of virqs) {
      const lending = rm.interrupts.borrowedAs(sender.vmid, virq);
      interrupts?.release(virq);
      rm.hypervisor.unbindInterrupt(virq);
      if (lending !== undefined) lending.virq = undefined;
    }
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'A u32 count and that many numbers. The header of RM23, which nothing reads, has an 8-byte count.',
        wouldTell: 'a caller, or a recording of the message',
      },
      {
        text: 'Ends the use of interrupts that the sender has accepted, as VM_IRQ_RELEASE does. All are known, or none is given up: IRQ_INVALID.',
        wouldTell: 'VM_IRQ_RECLAIM of the owner afterwards',
      },
    ],
  },
);

const unreserve = handler(
  withLayouts(IPA_UNRESERVE, IPA_RESERVE.request, empty),
  (_rm, sender, { alloc_type, generic_constraints, platform_constraints, entries }) => {
    const { allocator } = sender;
    if (allocator === undefined) return RmError.DENIED;
    const tag = constraintTag(sender, generic_constraints, platform_constraints);
    if (alloc_type !== AllocType.FIXED_LIST || tag === undefined) return RmError.ARGUMENT_INVALID;
    const ranges = (entries as readonly IpaFixedRange[]).map(({ base, size }) => ({
      start: Number(base),
      size: Number(size),
    }));
    const given: typeof ranges = [];
    for (const range of ranges) {
      if (allocator.isReserved(range.start, range.size, tag)) {
        allocator.unreserve(range.start, range.size, tag);
        given.push(range);
        continue;
      }
      for (const { start, size } of given.reverse()) allocator.reserveAny(start, size, size, size, tag);
      return RmError.ARGUMENT_INVALID;
    }
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'The request of IPA_RESERVE with FIXED_LIST and the same constraints; the reply is the error word.',
        wouldTell: 'a caller, or a recording of the message',
      },
      {
        text: 'Each range must be reserved so and hold no memory, else ARGUMENT_INVALID and none is given back.',
        wouldTell: 'a manager that has the message, asked for ranges in use',
      },
    ],
  },
);

export const givenBackRows: readonly HandlerRow[] = [
  { ...unmap, layoutAssumed: true },
  { ...unreserve, layoutAssumed: true },
];
