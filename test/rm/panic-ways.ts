import { expect } from 'vitest';
import {
  IPA_RESERVE,
  MEM_ACCEPT,
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_RELEASE,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_CONSOLE_WRITE,
  VM_DEALLOC_VMID,
  VM_EXIT,
  VM_GET_OWNER,
  VM_GET_VMID,
  VM_INIT,
  VM_IRQ_LEND,
  VM_IRQ_RECLAIM,
  VM_RESET,
  VM_START,
  VM_STOP,
} from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import { type PanicReason, type PlatformProfile, platforms } from '../../src/rm/index.js';
import type { NodeSource } from '../devicetree/build.js';
import type { Boots } from './guest.js';
import {
  Accept,
  accept,
  acceptAnother,
  allocatedGhost,
  BLOCK,
  begun,
  bellAt,
  chain,
  FORCE,
  ghost,
  give,
  halt,
  initialised,
  initOf,
  iomem,
  joined,
  PAGE,
  RWX,
  scheduled,
  sharedMemory,
  started,
  startOf,
  wideStride,
} from './panic-steps.js';
import { bellSource, doorbell, many, queue, rpc, tree } from './vm-tree.js';

const { OK, ...E } = RmError;

export interface Way {
  readonly platform?: PlatformProfile;
  /** Goes there; the last thing it does kills the public manager. @returns the last answer. */
  readonly go: (boots: Boots) => number | undefined;
  /** What a careful manager answers in the end; without it, the error that the place names. */
  readonly careful?: number;
}

/** A way to each place; the type asks for one as soon as a place is added. */
export const ways: Readonly<Record<PanicReason, Way>> = {
  vm_dealloc_unknown_vmid: { go: (boots) => boots.error(VM_DEALLOC_VMID.id, 77) },
  vm_reset_unconfigured: {
    go: (boots) => {
      boots.bench.ask(VM_ALLOC_VMID.id, 0);
      return boots.error(VM_RESET.id, 128);
    },
  },
  vm_reset_unknown_authentication: {
    go: (boots) => {
      boots.bench.ask(VM_ALLOC_VMID.id, 0);
      const handle = give(boots, MEM_LEND.id, 0, 128, 0);
      const image = [0, 0, PAGE, 0, 0, 0, PAGE, 0];
      expect(boots.error(VM_CONFIG_IMAGE.id, (7 << 16) | 128, handle, ...image)).toBe(E.ARGUMENT_INVALID);
      return boots.error(VM_RESET.id, 128);
    },
    careful: OK,
  },
  vm_exit_not_running: { go: (boots) => boots.error(VM_EXIT.id, 0) },
  vcpu_halt_not_running: { go: (boots) => halt(boots, initialised(boots, tree({ rpc })), 2) },
  vcpu_halt_still_ready: { go: (boots) => halt(boots, started(boots), 0) },
  vm_start_donated_parcel: {
    go: (boots) => {
      const vmid = initialised(boots, tree({ rpc }));
      give(boots, MEM_DONATE.id, 0, vmid, 9);
      return boots.error(VM_START.id, vmid);
    },
  },
  vm_start_parcel_of_gone_owner: {
    go: (boots) => {
      const owner = started(boots);
      const vmid = initialised(boots, tree({ rpc }));
      const gift = give(boots, MEM_DONATE.id, 0, owner, 0);
      const where = [1, 0, 2, PAGE, 0];
      const accepted = boots.errorFrom(
        owner,
        MEM_ACCEPT.id,
        gift,
        Accept.DONE | Accept.DONATED,
        0,
        0,
        ...where,
        0,
      );
      expect(accepted).toBe(OK);
      expect(boots.errorFrom(owner, MEM_LEND.id, 0, 9, 1, RWX | vmid, ...where)).toBe(OK);
      boots.error(VM_STOP.id, owner | FORCE, 0);
      boots.error(VM_RESET.id, owner);
      const forgotten = boots.error(VM_DEALLOC_VMID.id, owner);
      return forgotten === OK ? boots.error(VM_START.id, vmid) : forgotten;
    },
  },
  mem_notify_donated_to_ready: {
    go: (boots) => {
      const vmid = initialised(boots, tree({ rpc, shm: sharedMemory }));
      const handle = give(boots, MEM_DONATE.id, 0, vmid, 5);
      return boots.error(MEM_NOTIFY.id, handle, 1, 0, 1, vmid);
    },
  },
  vm_init_rpc_without_generate: { go: initOf(tree({ rpc: { properties: { 'vdevice-type': 'rm-rpc' } } })) },
  vm_init_two_consoles: { go: initOf(tree({ rpc, other: rpc })) },
  vm_init_tree_too_deep: { go: initOf(tree({ rpc }, {}, { root: { n: chain(15) } })) },
  vm_init_interrupts_exhausted: { go: initOf(tree({ rpc, ...many(58, bellSource) })) },
  vm_init_interrupt_map_exists: {
    go: (boots) => {
      const vmid = boots.configure(tree({ rpc }));
      for (let life = 0; life < 2; life++) {
        expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
        boots.error(VM_RESET.id, vmid);
        boots.configureAgain(vmid);
      }
      return boots.error(VM_INIT.id, vmid);
    },
    careful: OK,
  },
  vm_init_controller_stride: { go: initOf(tree({ rpc }, {}, { gic: wideStride })) },
  vm_init_missing_core: {
    platform: platforms.qemu,
    go: initOf(tree({ rpc }, {}, { vcpus: scheduled(8) })),
  },
  vm_reset_two_rpcs: {
    go: (boots) => {
      const second: NodeSource = { properties: { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/two' } };
      return boots.error(VM_RESET.id, initialised(boots, tree({ rpc, second })));
    },
  },
  vm_reset_leaked_interrupt: {
    go: (boots) => {
      const source = { ...doorbell({ peer: 'vm-name:other' }).properties, 'vdevice-type': 'doorbell-source' };
      initialised(boots, tree({ rpc, bell: { properties: source } }, { 'image-name': 'first' }));
      const vmid = boots.configure(tree({ rpc, bell: doorbell({ peer: 'vm-name:first' }) }));
      expect(boots.error(VM_INIT.id, vmid)).toBe(E.NORESOURCE);
      return boots.error(VM_RESET.id, vmid);
    },
  },
  vm_reset_joined_peer_replaced: {
    go: (boots) => {
      const [one, two] = joined(boots);
      boots.error(VM_RESET.id, two);
      boots.configureAgain(two);
      return boots.error(VM_RESET.id, one);
    },
  },
  vm_reset_iomem_freed_twice: {
    go: (boots) => {
      const good = iomem(1, { generate: '/hypervisor/io' });
      const vmid = boots.configure(tree({ rpc, good, bad: iomem(2, {}) }));
      expect(boots.error(VM_INIT.id, vmid)).toBe(E.NORESOURCE);
      return boots.error(VM_RESET.id, vmid);
    },
  },
  vm_reset_borrowed_interrupt: {
    go: (boots) => {
      const { vmid } = acceptAnother(boots);
      boots.error(VM_STOP.id, vmid | FORCE, 0);
      return boots.error(VM_RESET.id, vmid);
    },
  },
  vm_stop_low_priority: {
    platform: platforms.qemu,
    go: (boots) => {
      const vmid = started(boots, tree({ rpc }, {}, { vcpus: scheduled(0) }));
      return boots.error(VM_STOP.id, vmid | FORCE, 0);
    },
  },
  vm_init_peer_without_value: {
    platform: platforms.qemu,
    go: initOf(tree({ rpc, bell: doorbell({ peer: 'vm-name' }) })),
  },
  mem_tables_exhausted: {
    platform: platforms.qemu,
    go: (boots) => {
      // Each parcel breaks twelve blocks; no VM has a configuration, so all the memory there is can go.
      const { pages = 0 } = platforms.qemu.tables ?? {};
      let broken = 0;
      const lend = (count: number) => {
        const list = Array.from({ length: count }, () => [0x80000000 + broken++ * BLOCK, 0, PAGE, 0]);
        return boots.error(MEM_LEND.id, 0, 0, 1, RWX | 4, count, ...list.flat());
      };
      while (broken + 12 < pages) expect(lend(12)).toBe(OK);
      return lend(pages - broken);
    },
  },
  message_too_long: {
    go: (boots) => {
      const short: NodeSource = { properties: { ...rpc.properties, 'message-size': [12] } };
      return boots.errorFrom(started(boots, tree({ rpc: short })), VM_GET_VMID.id);
    },
  },
  notify_without_link: { go: (boots) => boots.error(VM_STOP.id, started(boots, tree({})), 0) },
  irq_empty_payload: { go: (boots) => boots.error(VM_IRQ_LEND.id) },
  irq_reclaim_bound: {
    go: (boots) => boots.error(VM_IRQ_RECLAIM.id, acceptAnother(boots).handles[1] ?? 0),
    careful: OK,
  },
  console_write_empty_payload: { go: (boots) => boots.errorFrom(started(boots), VM_CONSOLE_WRITE.id) },
  ipa_reserve_fixed_partly: {
    go: (boots) => {
      const free = [0, 2, PAGE, 0];
      const taken = [0, 0, PAGE, 0];
      return boots.errorFrom(started(boots), IPA_RESERVE.id, 0, 0, 0, 2, ...free, ...taken);
    },
  },
  ghost_sender: { go: (boots) => boots.errorFrom(ghost(boots), VM_GET_OWNER.id), careful: OK },
  ghost_unconfigured: {
    go: (boots) => boots.errorFrom(allocatedGhost(boots), MEM_LEND.id, 0, 0, 0, 0, 0),
    careful: OK,
  },
  irq_no_map: { go: (boots) => boots.errorFrom(allocatedGhost(boots), VM_IRQ_LEND.id), careful: OK },
  mem_accept_no_allocator: {
    go: (boots) => {
      const vmid = allocatedGhost(boots);
      boots.configureAgain(vmid);
      return accept(boots, vmid, give(boots, MEM_LEND.id, 0, vmid, 1), Accept.LENT);
    },
    careful: OK,
  },
  mem_release_no_allocator: {
    go: (boots) => {
      let handle = 0;
      const vmid = allocatedGhost(boots, (id) => {
        handle = begun(boots, id);
      });
      boots.configureAgain(vmid);
      return boots.errorFrom(vmid, MEM_RELEASE.id, handle, 0);
    },
    careful: OK,
  },
  mem_release_stale_range: {
    go: (boots) => {
      let handle = 0;
      const vmid = allocatedGhost(boots, (id) => {
        handle = begun(boots, id);
      });
      boots.configureAgain(vmid);
      expect(boots.error(VM_INIT.id, vmid)).toBe(boots.bench.manager.careful ? OK : E.NORESOURCE);
      const other = give(boots, MEM_LEND.id, 1, vmid, 2);
      expect(accept(boots, vmid, other, Accept.LENT, 0x40010000)).toBe(OK);
      return boots.errorFrom(vmid, MEM_RELEASE.id, handle, 0);
    },
    careful: E.MEM_RELEASED,
  },
  mem_accept_donor_changed: {
    go: (boots) => {
      const donor = initialised(boots, tree({ rpc }));
      const vmid = initialised(boots, tree({ rpc }));
      const gift = give(boots, MEM_DONATE.id, 0, donor, 1);
      const place = 0x50000000;
      expect(accept(boots, donor, gift, Accept.DONE | Accept.DONATED, place)).toBe(OK);
      boots.bench.put(donor, MEM_DONATE.id, 0, 1, 1, RWX | vmid, 1, place, 0, PAGE, 0);
      boots.bench.manager.run();
      const [[, , handle = 0] = []] = boots.bench.take(donor);
      expect(boots.error(VM_RESET.id, donor)).toBe(OK);
      return accept(boots, vmid, handle, Accept.DONE | Accept.DONATED);
    },
  },
  vm_init_controller_cells: {
    go: initOf(
      tree(
        { rpc },
        {},
        { cells: { '#address-cells': [3] }, gic: { reg: Array.from({ length: 10 }, () => 0) } },
      ),
    ),
  },
  vm_start_reserved_cells: {
    go: startOf(
      tree(
        { rpc },
        {},
        {
          root: {
            'reserved-memory': {
              properties: { '#address-cells': [3], '#size-cells': [1] },
              children: { part: { properties: { reg: [0, 0, 0x90000000, PAGE] } } },
            },
          },
        },
      ),
    ),
  },
  vm_start_generate_path: { go: startOf(tree({ rpc, bell: bellAt('hypervisor/bell') })) },
  vm_start_generate_too_long: { go: startOf(tree({ rpc, bell: bellAt(`/${'x'.repeat(480)}`) })) },
  vm_start_tree_too_big: { go: startOf(tree({ rpc, ...many(10, queue) }), PAGE) },
  mem_release_contiguous_scattered: {
    go: (boots) => {
      const vmid = started(boots);
      const pages = [0x80000000, 0, PAGE, 0, 0x80002000, 0, PAGE, 0];
      const [[, , handle = 0] = []] = boots.bench.ask(MEM_LEND.id, 0, 0, 1, RWX | vmid, 2, ...pages);
      expect(accept(boots, vmid, handle, Accept.LENT | Accept.CONTIGUOUS)).toBe(OK);
      const rest = accept(boots, vmid, handle, Accept.LENT);
      return rest === OK ? boots.errorFrom(vmid, MEM_RELEASE.id, handle, 0) : rest;
    },
  },
};
