import { call, countedList, field, type Infer, struct, u32, unknownCall } from '../../src/schema/index.js';
import { everyone, linux, qualcomm, rmAndQualcomm } from '../sources.js';
import { hypResource, vmRequest } from '../structs.js';

export const VM_GET_HYP_RESOURCES = call('VM_GET_HYP_RESOURCES', {
  id: 0x56000020,
  doc: 'Lists the hypervisor objects through which the sender drives a VM or talks to it: vCPUs, doorbells, queues.',
  sources: everyone,
  rm23: { length: { exact: 4 } },
  dialects: [
    { sources: linux, text: 'an empty reply or one whose size is not 4 + 44 x count: EBADMSG' },
    { sources: qualcomm, text: 'the same: EINVAL' },
    { sources: ['a14'], text: 'virq 0 and 0xFFFFFFFF mean none' },
    { sources: ['v17', 'a15'], text: 'virq 0 means none' },
    { sources: qualcomm, text: 'virq_handle 0 with virq 0, or virq 0xFFFFFFFF, means none' },
  ],
  notes: [
    "RM23's order: vCPUs (owner only), the asker's virtual devices that face that VM, then that VM's devices that face the asker.",
  ],
  request: vmRequest,
  reply: struct(4, {
    entries: field(countedList(u32, 'n_entries', hypResource), 'resources', { info: 'what' }),
  }),
  example: {
    request: { vmid: 0x80 },
    reply: {
      entries: [
        {
          type: 4,
          partner_vmid: 0,
          resource_handle: 0,
          resource_label: 0,
          cap_id: 0x5ca900000120n,
          virq_handle: 0,
          virq: 962,
          base: 0n,
          size: 0n,
        },
        {
          type: 0,
          partner_vmid: 0x80,
          resource_handle: 0,
          resource_label: 0x11,
          cap_id: 0x5ca900000122n,
          virq_handle: 0,
          virq: 0,
          base: 0n,
          size: 0n,
        },
      ],
    },
  },
});
export type VmGetHypResourcesRequest = Infer<typeof VM_GET_HYP_RESOURCES.request>;
export type VmGetHypResourcesReply = Infer<typeof VM_GET_HYP_RESOURCES.reply>;

const onlyTheNumber = {
  sources: rmAndQualcomm,
  idOnlyIn: rmAndQualcomm,
  notes: [
    "RM23's dispatcher recognises the number and does nothing with it: UNIMPLEMENTED. No client calls it.",
  ],
};

export const VM_GET_HYP_CAPIDS = unknownCall('VM_GET_HYP_CAPIDS', {
  id: 0x56000021,
  doc: 'Presumably lists the capabilities among the resources of a VM.',
  aliases: ['VM_LOOKUP_HYP_CAPIDS'],
  ...onlyTheNumber,
});

export const VM_GET_HYP_IRQS = unknownCall('VM_GET_HYP_IRQS', {
  id: 0x56000022,
  doc: 'Presumably lists the interrupts among the resources of a VM.',
  aliases: ['VM_LOOKUP_HYP_IRQS'],
  ...onlyTheNumber,
});
