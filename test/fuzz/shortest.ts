import type { PanicReason } from '../../src/rm/index.js';

/**
 * Messages and halts of the shortest known way to each place where the manager dies, contents of memory not counted:
 * those of test/rm/panics.test.ts, and shorter ones that were found since. Places of the real hypervisor are left out.
 */
export const shortest: Readonly<Partial<Record<PanicReason, number>>> = {
  console_write_empty_payload: 1,
  ipa_reserve_fixed_partly: 5,
  irq_empty_payload: 1,
  irq_reclaim_bound: 9,
  mem_notify_donated_to_ready: 6,
  mem_release_contiguous_scattered: 8,
  message_too_long: 5,
  notify_without_link: 2,
  vcpu_halt_not_running: 2,
  vcpu_halt_still_ready: 2,
  vm_dealloc_unknown_vmid: 1,
  vm_exit_not_running: 1,
  vm_init_controller_stride: 4,
  vm_init_interrupt_map_exists: 10,
  vm_init_interrupts_exhausted: 4,
  vm_init_rpc_without_generate: 4,
  vm_init_tree_too_deep: 4,
  vm_init_two_consoles: 4,
  vm_reset_borrowed_interrupt: 8,
  vm_reset_iomem_freed_twice: 5,
  vm_reset_joined_peer_replaced: 11,
  vm_reset_leaked_interrupt: 9,
  vm_reset_two_rpcs: 5,
  vm_reset_unconfigured: 2,
  vm_reset_unknown_authentication: 4,
  vm_start_donated_parcel: 6,
  vm_start_parcel_of_gone_owner: 14,
};
