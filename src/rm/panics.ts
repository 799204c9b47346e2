import { RmError } from './codes.js';

/** One place where the public manager dies, and what a careful manager does there. */
export interface PanicPlace {
  /** Message or event that causes it. */
  readonly message: string;
  /** State in which it happens. */
  readonly state: string;
  /** What the public manager does. */
  readonly effect: string;
  /** It happens whatever the manager's state is. */
  readonly inAnyState?: true;
  /** What a VM should do so that it does not come to this. */
  readonly instead: string;
  /** What `careful` mode answers or does instead. */
  readonly careful: string;
  /** Error of the careful answer; OK where something is left out and the request goes on. */
  readonly carefulError: number;
}

const E = RmError;
const SKIPPED_RESET = 'the VM was reset twice, so its second reset cleaned nothing up';
const EVERY_RESET_CLEANS = 'every reset cleans up, so this cannot be';

/**
 * Every place where the public manager dies (rm-behaviour.md, "Where the real manager dies"). The keys are the
 * stable names that panic events carry.
 */
export const panicPlaces = {
  vm_dealloc_unknown_vmid: {
    message: 'VM_DEALLOC_VMID',
    state: 'no VM has that VMID',
    effect: 'assertion',
    instead: 'deallocate a VMID once only, and only one that VM_ALLOC_VMID gave out',
    careful: 'VMID_INVALID',
    carefulError: E.VMID_INVALID,
  },
  vm_reset_unconfigured: {
    message: 'VM_RESET',
    state: 'the VM has no configuration: LOAD, RESET, or INIT_FAILED after a refused VM_CONFIG_IMAGE',
    effect: 'memory fault',
    instead:
      'reset a VM only after a VM_CONFIG_IMAGE that was answered OK; deallocate a VM that was never configured',
    careful: 'resets an INIT_FAILED VM, else VM_STATE',
    carefulError: E.VM_STATE,
  },
  vm_reset_unknown_authentication: {
    message: 'VM_RESET',
    state: 'VM_CONFIG_IMAGE was refused for an unknown authentication type',
    effect: 'assertion while the half-made configuration is taken down',
    instead: 'configure with an authentication type that RM knows: 0, 1 or 2',
    careful: 'the refused VM_CONFIG_IMAGE leaves no configuration behind',
    carefulError: E.OK,
  },
  vm_exit_not_running: {
    message: 'VM_EXIT',
    state: 'the sender is HLOS, or is neither RUNNING nor PAUSED',
    effect: 'assertion',
    instead: 'send VM_EXIT from a VM that is RUNNING or PAUSED, never from the primary VM',
    careful: 'VM_STATE',
    carefulError: E.VM_STATE,
  },
  vcpu_halt_not_running: {
    message: 'vCPU halt',
    state: 'the VM is not RUNNING yet, or may not shut down',
    effect: 'assertion',
    instead: 'run a vCPU only when VM_STATUS has said RUNNING, and let a VM without shutdown not power off',
    careful: 'the halt is ignored',
    carefulError: E.OK,
  },
  vcpu_halt_still_ready: {
    message: 'vCPU halt',
    state: 'the vCPU that halted reports that it is ready to run',
    effect: 'assertion',
    instead: 'report a halt only with a run state that is a halt',
    careful: 'the halt is ignored',
    carefulError: E.OK,
  },
  vm_start_donated_parcel: {
    message: 'VM_START',
    state: 'a parcel donated to the VM is accepted for it',
    effect: 'memory fault: accepting it frees the parcel that is still looked at',
    instead: 'have the VM accept donated parcels after VM_START, or donate them then',
    careful: 'the parcel is left for the VM to accept',
    carefulError: E.NORESOURCE,
  },
  vm_start_parcel_of_gone_owner: {
    message: 'VM_START',
    state: 'a parcel waits whose owner VM was deallocated',
    effect: 'assertion',
    instead: 'reclaim the parcels of a VM before its VMID is deallocated',
    careful: 'VM_DEALLOC_VMID of a VM that owns parcels answers MEM_INUSE',
    carefulError: E.MEM_INUSE,
  },
  mem_notify_donated_to_ready: {
    message: 'MEM_NOTIFY',
    state:
      'SHARED for a donated parcel to a READY VM with a shm or iomem device of its label that can take it',
    effect: 'memory fault: accepting it frees the parcel that is still looked at',
    instead: 'donate to a VM, and notify it, when it is RUNNING',
    careful: 'not accepted: the owner is told MEM_RELEASED',
    carefulError: E.OK,
  },
  vm_init_rpc_without_generate: {
    message: 'VM_INIT',
    state: 'an rm-rpc node has no generate property',
    effect: 'memory fault',
    instead: 'give each rm-rpc node of the devicetree a generate property',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_init_two_consoles: {
    message: 'VM_INIT',
    state: 'two rm-rpc nodes have console-dev',
    effect: 'assertion',
    instead: 'give console-dev to one rm-rpc node only',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_init_tree_too_deep: {
    message: 'VM_INIT',
    state: 'the devicetree has a node 16 levels below the root',
    effect: 'assertion',
    instead: 'keep the devicetree at most 15 levels deep below the root',
    careful: 'MEM_INVALID',
    carefulError: E.MEM_INVALID,
  },
  vm_init_interrupts_exhausted: {
    message: 'VM_INIT',
    state: 'HLOS has no interrupt number left for a vCPU, a doorbell-source or half of a queue pair',
    effect: 'assertion or memory fault on the way back',
    instead: 'have fewer vCPUs and devices with interrupts, or reset other VMs properly first',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_init_interrupt_map_exists: {
    message: 'VM_INIT',
    state:
      'the VM was reset twice, so its second reset cleaned nothing up, and VM_INIT gets to its resources',
    effect: 'assertion',
    instead: 'deallocate the VMID after its first VM_RESET and allocate a new one for the next life',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.NORESOURCE,
  },
  vm_init_controller_stride: {
    message: 'VM_INIT',
    state: 'redistributor-stride is no power of two and the redistributors lie outside the device range',
    effect: 'assertion',
    instead: 'use a power of two as redistributor-stride',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_init_controller_cells: {
    message: 'VM_INIT',
    state:
      "the interrupt controller's parent has `#address-cells` above 2, and `reg` is long enough for them",
    effect: 'assertion',
    instead: "use at most 2 as #address-cells of the interrupt controller's parent",
    careful: 'MEM_INVALID',
    carefulError: E.MEM_INVALID,
  },
  vm_start_reserved_cells: {
    message: 'VM_START',
    state:
      '/reserved-memory has `#address-cells` or `#size-cells` above 2, and a child with a `reg` of that length',
    effect: 'assertion',
    instead: 'use at most 2 as #address-cells and #size-cells of /reserved-memory',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_start_generate_path: {
    message: 'VM_START',
    state: "a device's path does not begin with `/`, or that of a shm or iomem device ends in `/`",
    effect: 'assertion',
    instead: 'begin the path of each device with a slash, and end it with a name',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_start_generate_too_long: {
    message: 'VM_START',
    state: "a device's path is too long for RM's buffer: 488 characters and more, its capability id included",
    effect: 'assertion',
    instead: 'keep the paths of devices below 488 characters',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_start_tree_too_big: {
    message: 'VM_START',
    state: "the guest's devicetree, of at most 16 KiB, is larger than the region of the devicetree",
    effect: 'memory fault: the tree is copied past the end of the region',
    instead: 'leave more room for the devicetree in dtb_size of VM_CONFIG_IMAGE; VMMs reserve 2 MiB',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_init_missing_core: {
    message: 'VM_INIT',
    state: "a vCPU's affinity-map names a core that does not exist, on the real hypervisor",
    effect: 'the whole machine stops',
    instead: 'name only cores that the machine has in affinity-map',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  vm_reset_two_rpcs: {
    message: 'VM_RESET',
    state: 'the VM has two rm-rpc nodes: the second has no link left to take down',
    effect: 'assertion',
    instead: 'have one rm-rpc node in the devicetree',
    careful: 'the second is taken down without a link',
    carefulError: E.OK,
  },
  vm_reset_leaked_interrupt: {
    message: 'VM_RESET',
    state: "VM_INIT failed because the named peer's device names someone else",
    effect: 'stops: an interrupt number belongs to no device',
    instead: 'let both ends of a device name each other as peers',
    careful: 'the failed VM_INIT gives the number back',
    carefulError: E.OK,
  },
  vm_reset_joined_peer_replaced: {
    message: 'VM_RESET',
    state: 'the VM is joined with a peer that was reset and configured anew and has no matching device',
    effect: 'assertion',
    instead: 'reset both VMs that share a device before one of them is configured again',
    careful: 'the device is taken down alone',
    carefulError: E.OK,
  },
  vm_reset_iomem_freed_twice: {
    message: 'VM_RESET',
    state: 'VM_INIT failed at an iomem node with neither generate nor patch after a good one',
    effect: 'heap corruption, usually death',
    instead: 'give each iomem node a generate or a patch property',
    careful: 'nothing is freed twice',
    carefulError: E.OK,
  },
  vm_reset_borrowed_interrupt: {
    message: 'VM_RESET',
    state: 'the VM accepted an interrupt under another number than the lent one',
    effect: 'assertion',
    instead: 'accept a lent interrupt with its own number, or with 0xffffffff',
    careful: 'VM_IRQ_ACCEPT binds the lent interrupt only',
    carefulError: E.OK,
  },
  vm_stop_low_priority: {
    message: 'VM_STOP',
    state: 'forced, and the VM is scheduled statically with low priority, on the real hypervisor',
    effect: 'assertion',
    instead: 'schedule the VM with a normal priority, or stop it without force',
    careful: 'stops',
    carefulError: E.OK,
  },
  vm_init_peer_without_value: {
    message: 'VM_INIT',
    state: 'a device has a `peer` without a value behind its form, on the real hypervisor',
    effect: 'memory fault',
    instead: 'write a value behind the form of peer, such as vm-name:NAME',
    careful: 'the value is empty',
    carefulError: E.OK,
  },
  mem_tables_exhausted: {
    message: 'MEM_DONATE, MEM_LEND, MEM_SHARE, MEM_APPEND',
    state:
      "so many 2 MiB blocks of the primary VM's memory have been broken up since the boot that the real hypervisor has no memory left for its tables (about 300)",
    effect: 'the whole machine stops',
    instead: 'give memory in whole 2 MiB blocks',
    careful: 'NORESOURCE',
    carefulError: E.NORESOURCE,
  },
  message_too_long: {
    message: 'any message to a VM',
    state:
      "it is longer than the VM's rm-rpc message-size, which the queues of the real hypervisor drop instead, or than the largest message of the protocol",
    effect: 'exit',
    instead: 'give rm-rpc a message-size of 240, and do not ask for more than fits',
    careful: 'the message is dropped',
    carefulError: E.OK,
  },
  notify_without_link: {
    message: 'MEM_NOTIFY, VM_IRQ_NOTIFY, VM_STOP, release of a parcel by VM_RESET',
    state: 'the receiver has no RPC link: RM itself, a VM before VM_INIT, after VM_RESET or without rm-rpc',
    effect: 'exit',
    instead:
      'notify, stop and reset only when every VM that is to be told has an rm-rpc device and is past VM_INIT',
    careful: 'the notification is dropped',
    carefulError: E.OK,
  },
  irq_empty_payload: {
    message: 'VM_IRQ_LEND, VM_IRQ_ACCEPT, VM_IRQ_RELEASE, VM_IRQ_RECLAIM, VM_IRQ_NOTIFY',
    state: 'no payload at all',
    inAnyState: true,
    effect: 'assertion',
    instead: 'send the words that the message declares',
    careful: 'MSG_INVALID',
    carefulError: E.MSG_INVALID,
  },
  irq_reclaim_bound: {
    message: 'VM_IRQ_RECLAIM',
    state: 'a borrower has bound that interrupt through the handle of another',
    effect: 'assertion',
    instead: 'accept a lent interrupt with its own number, so that no other handle binds it',
    careful: 'VM_IRQ_ACCEPT binds the lent interrupt only',
    carefulError: E.IN_USE,
  },
  console_write_empty_payload: {
    message: 'VM_CONSOLE_WRITE',
    state: 'no payload at all',
    inAnyState: true,
    effect: 'memory fault',
    instead: 'send the VMID, the number of bytes, and the bytes',
    careful: 'MSG_INVALID',
    carefulError: E.MSG_INVALID,
  },
  ipa_reserve_fixed_partly: {
    message: 'IPA_RESERVE',
    state: 'several fixed ranges, of which a later one fails',
    effect: 'assertion while the first is taken back for ever',
    instead: 'reserve fixed ranges one per request',
    careful: 'the earlier ranges are taken back: DENIED',
    carefulError: E.DENIED,
  },
  mem_release_contiguous_scattered: {
    message: 'MEM_RELEASE, VM_RESET, a failing MEM_ACCEPT',
    state: 'a parcel of several regions was accepted contiguously without DONE, then not contiguously',
    effect: 'assertion when the addresses are given back',
    instead: 'accept all of a parcel either contiguously or not',
    careful: 'MEM_ACCEPT of the rest answers ARGUMENT_INVALID',
    carefulError: E.ARGUMENT_INVALID,
  },
  mem_accept_no_allocator: {
    message: 'MEM_ACCEPT',
    state: `${SKIPPED_RESET}, and configured again, and takes an address before a VM_INIT has read its devicetree`,
    effect: 'assertion',
    instead: 'deallocate the VMID after its first VM_RESET and allocate a new one for the next life',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.NORESOURCE,
  },
  mem_release_no_allocator: {
    message: 'MEM_RELEASE',
    state: `${SKIPPED_RESET}, and configured again, and gives back an address of its earlier life`,
    effect: 'memory fault',
    instead: 'release all parcels before VM_RESET, and reset each life of a VMID once',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.OK,
  },
  mem_release_stale_range: {
    message: 'MEM_RELEASE',
    state:
      'the VM gives back an address of its earlier life that overlaps a free range, but for the last one',
    effect: 'assertion',
    instead: 'release all parcels before VM_RESET, and reset each life of a VMID once',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.OK,
  },
  mem_accept_donor_changed: {
    message: 'MEM_ACCEPT with DONE',
    state:
      'the parcel is a donation, and its donor was deallocated, reset or configured again since it made it',
    effect: 'assertion or memory fault',
    instead: 'accept a donation before its donor is reset, configured again or deallocated',
    careful: 'accepted: the donor has no address to give back',
    carefulError: E.OK,
  },
  ghost_sender: {
    message:
      'MEM_DONATE, MEM_LEND, MEM_SHARE, VM_IRQ_LEND, VM_IRQ_ACCEPT, VM_IRQ_RELEASE, VM_IRQ_RECLAIM, VM_IRQ_NOTIFY, VM_GET_OWNER, VM_GET_PEERS, VM_SET_CRASH_MSG, VM_EXIT, VM_GET_HYP_RESOURCES, IPA_RESERVE',
    state: `${SKIPPED_RESET}, and deallocated, and sends over the link that is left`,
    effect: 'assertion',
    instead: 'have the VM stop sending when it is reset, and reset each life of a VMID once',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.VMID_INVALID,
  },
  ghost_unconfigured: {
    message:
      'MEM_DONATE, MEM_LEND, MEM_SHARE, MEM_ACCEPT, MEM_RELEASE, MEM_RECLAIM, MEM_APPEND, VM_GET_HYP_RESOURCES',
    state: `${SKIPPED_RESET}, deallocated and allocated again, and sends over the link that is left`,
    effect: 'assertion or memory fault',
    instead: 'have the VM stop sending when it is reset, and reset each life of a VMID once',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.VM_STATE,
  },
  irq_no_map: {
    message: 'VM_IRQ_LEND, VM_IRQ_ACCEPT, VM_IRQ_RELEASE, VM_IRQ_RECLAIM, VM_IRQ_NOTIFY',
    state: `${SKIPPED_RESET}, deallocated and allocated again, and sends before a VM_INIT has made its interrupt map`,
    effect: 'assertion',
    instead: 'have the VM stop sending when it is reset, and reset each life of a VMID once',
    careful: EVERY_RESET_CLEANS,
    carefulError: E.VM_STATE,
  },
} as const satisfies Readonly<Record<string, PanicPlace>>;

export type PanicReason = keyof typeof panicPlaces;

/**
 * Thrown to stop the manager. It never leaves this folder, so it is no Error: collecting a stack costs as much as ten
 * messages.
 */
export class ManagerPanic {
  constructor(readonly reason: PanicReason) {}
}
