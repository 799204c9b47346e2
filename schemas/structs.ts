import { counted, field, type Infer, length, reserved, struct, u16, u32, u64 } from '../src/schema/index.js';
import { authParamType, exitCode, idType, memAttr, resourceType } from './enums.js';
import { ipa, size, target, vmid } from './fields.js';
import { exitFlags, memRights } from './flags.js';

export const aclEntry = struct(
  4,
  {
    vmid: vmid('VM that gets access', { info: 'what' }),
    rights: field(memRights, 'what it may do', { aliases: ['perms'] }),
    reserved: reserved(1),
  },
  'acl_entry',
);
export type AclEntry = Infer<typeof aclEntry>;

export const sglEntry = struct(
  16,
  {
    ipa: ipa("start address in the owner's (replies: in the accepting VM's) address space", {
      aliases: ['phys_addr', 'ipa_base'],
    }),
    size: size('bytes, whole pages'),
  },
  'sgl_entry',
);
export type SglEntry = Infer<typeof sglEntry>;

export const attrEntry = struct(
  4,
  { attr: field(memAttr, 'memory attribute'), vmid: vmid('VM it applies to') },
  'attr_entry',
);
export type AttrEntry = Infer<typeof attrEntry>;

export const vmidEntry = struct(
  4,
  { vmid: vmid('VM that is meant', { info: 'what' }), reserved: reserved(2) },
  'vmid_entry',
);
export type VmidEntry = Infer<typeof vmidEntry>;

export const authParam = struct(
  8,
  {
    auth_param_type: field(authParamType, 'what the value is', { info: 'what' }),
    auth_param: field(u32, 'the value', { info: 'what' }),
  },
  'auth_param',
);
export type AuthParam = Infer<typeof authParam>;

export const hypResource = struct(
  44,
  {
    type: field(resourceType, 'kind of resource', { info: 'what', aliases: ['resource_type', 'res_type'] }),
    reserved: reserved(1),
    partner_vmid: vmid('VM at the other end, 0 for vCPUs', { info: undefined }),
    resource_handle: field(u32, 'always 0 in RM23', { role: 'resource_handle' }),
    resource_label: field(u32, 'label from the devicetree; for a vCPU its index', { role: 'label' }),
    cap_id: field(u64, 'capability', { role: 'cap_id' }),
    virq_handle: field(u32, 'always 0 in RM23', { role: 'virq_handle' }),
    virq: field(u32, 'virtual interrupt', { role: 'virq', aliases: ['resource_virq_number'] }),
    base: ipa('address of a memory window, else 0', { info: undefined }),
    size: size('its size, else 0', { info: undefined }),
  },
  'hyp_resource',
);
export type HypResource = Infer<typeof hypResource>;

export const idEntry = struct(
  4,
  {
    id_type: field(idType, 'what identifier this is'),
    reserved: reserved(1),
    id_size: length(u16, 'bytes, without padding'),
    id_info: field(
      counted('id_size', { select: 'id_type', raw: [idType.values.GUID] }, { padTo: 4 }),
      'the identifier, no terminator, zero padded',
      { info: 'what' },
    ),
  },
  'id_entry',
);
export type IdEntry = Infer<typeof idEntry>;

export const ipaFixedRange = struct(
  16,
  { base: ipa('address to reserve'), size: size('bytes') },
  'ipa_fixed_range',
);
export type IpaFixedRange = Infer<typeof ipaFixedRange>;

export const ipaAllocRange = struct(
  32,
  {
    region_base: ipa('search from here', { info: undefined }),
    region_size: size('over this many bytes', { info: undefined }),
    size: size('bytes wanted'),
    align: field(u64, 'alignment wanted', { aliases: ['alignment'] }),
  },
  'ipa_alloc_range',
);
export type IpaAllocRange = Infer<typeof ipaAllocRange>;

export const exitReason = struct(
  4,
  {
    exit_flags: field(exitFlags, 'exit flags', { info: 'detail' }),
    exit_code: field(
      exitCode,
      'exit code (RM23 writes it as the high 16 bits of a word; the top byte is always 0)',
      { info: 'detail' },
    ),
    reserved: reserved(1),
    reset_type: field(u32, 'type given to the PSCI call; only with exit_type PSCI_SYSTEM_RESET2', {
      trailing: true,
    }),
    cookie: field(u64, 'cookie given to the PSCI call; only with exit_type PSCI_SYSTEM_RESET2', {
      trailing: true,
    }),
  },
  'exit_reason',
);
export type ExitReason = Infer<typeof exitReason>;

export const heapStats = struct(
  32,
  {
    total_size: size('bytes in the heap', { info: 'detail' }),
    allocated_size: size('bytes in use', { info: 'detail' }),
    reserved_size: size('bytes set aside', { info: 'detail' }),
    largest_free_size: size('bytes of the largest free block', { info: 'detail' }),
  },
  'heap_stats',
);
export type HeapStats = Infer<typeof heapStats>;

/** The request of calls that only name a VM. */
export const vmRequest = struct(4, { vmid: target('VM the call is about'), reserved: reserved(2) });
