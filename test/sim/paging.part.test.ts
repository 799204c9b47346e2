import { describe, expect, it } from 'vitest';
import { constants } from '../../schemas/index.js';
import { Random } from '../../src/base/random.js';
import { regionFlags } from '../../src/host/vm-manager/index.js';
import type { GuestStep } from '../../src/sim/kernels/guest-vcpu.js';
import { buildFdt } from '../devicetree/build.js';
import { budget } from '../part.js';
import { PagedWorld } from './paging.js';
import { exampleVm } from './tree.js';

const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC } = regionFlags;
const PAGE = 0x1000;
const GUEST = 0x1_0000_0000;
const HOST = 0x9000_0000;
const VMID = 128;
/** Bindings of a region each, with a hole behind each in the guest. The host has them in the opposite order. */
const BINDINGS = 64;
const PAGES = 2048;
/** Pages of the devicetree, with room for what RM adds. They are there from the start. */
const TREE_PAGES = 8;
const STRIDE = 2 * PAGES * PAGE;

const guestAddress = (binding: number, page: number) => GUEST + binding * STRIDE + page * PAGE;
const hostAddress = (binding: number, page: number) =>
  HOST + ((BINDINGS - 1 - binding) * PAGES + page) * PAGE;

const vcpu = { type: 1, argument: new Uint8Array(4) };

describe('a storm of page faults', () => {
  it('ends as in an array of pages, and every page comes back', () => {
    const faults = budget(100_000);
    const paged = new PagedWorld('a15', false);
    const { world, kernels, host } = paged;
    world.manager.hypervisor.writeMemory(hostAddress(0, 0), buildFdt(exampleVm()));
    paged.run(host.createVm('a', 0));
    for (let binding = 0; binding < BINDINGS; binding++)
      paged.run(
        host.on('a', (vm) =>
          vm.lendUserMem({
            label: binding,
            flags: ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC,
            guestPhysAddr: BigInt(guestAddress(binding, 0)),
            memorySize: BigInt(PAGES * PAGE),
            userspaceAddr: BigInt(hostAddress(binding, 0)),
          }),
        ),
      );
    paged.run(
      host.on('a', (vm) =>
        vm.setDtbConfig({ start: BigInt(guestAddress(0, 0)), size: BigInt(TREE_PAGES * PAGE) }),
      ),
    );
    paged.run(host.addFunction('a', vcpu));
    paged.run(host.on('a', (vm) => vm.start()));

    // What each page of the guest holds; undefined: the guest does not have it yet.
    const pages: (bigint | undefined)[] = new Array(BINDINGS * PAGES);
    const random = new Random(7);
    const guest = kernels.vcpu(VMID);
    const draw = (index: number): GuestStep => {
      const [binding, page] = [random.below(BINDINGS), TREE_PAGES + random.below(PAGES - TREE_PAGES)];
      const address = BigInt(guestAddress(binding, page));
      pages[binding * PAGES + page] = BigInt(index);
      return { does: 'write', address, size: 8, value: BigInt(index) };
    };
    let steps = 0;
    for (; steps < faults; steps += 1000) {
      guest.add(Array.from({ length: 1000 }, (_, index) => draw(steps + index)));
      guest.add([{ does: 'read', address: BigInt(GUEST - PAGE), size: 4, value: 0n }]);
      const exit = paged.run(host.runVcpu('a', 0, {}));
      expect(exit).toMatchObject({ reason: 'MMIO', address: BigInt(GUEST - PAGE) });
    }

    const bytes = new Uint8Array(8);
    for (const [index, value] of pages.entries()) {
      const [binding, page] = [Math.floor(index / PAGES), index % PAGES];
      if (page < TREE_PAGES) continue;
      const expected = value === undefined ? undefined : hostAddress(binding, page);
      const there = [paged.physical(VMID, guestAddress(binding, page)), expected];
      const hosts = paged.physical(constants.VMID_HLOS, hostAddress(binding, page)) === undefined;
      if (there[0] !== there[1] || hosts !== (value !== undefined))
        expect([index, ...there, hosts]).toEqual([]);
      if (value === undefined) continue;
      world.manager.hypervisor.readMemory(hostAddress(binding, page), bytes);
      if (new DataView(bytes.buffer).getBigUint64(0, true) !== value) expect([index, bytes]).toEqual([]);
    }
    expect(guest.outcomes.filter(({ aborted }) => aborted)).toEqual([]);
    guest.add([{ does: 'power_off' }]);
    paged.run(host.runVcpu('a', 0, {}));
    paged.run(host.close('a'));
    expect(paged.elsewhere).toBe(0);
    expect(world.manager.vms().map(({ vmid }) => vmid)).toEqual([3, 255]);
  });
});
