import { describe, expect, it } from 'vitest';
import {
  MEM_RECLAIM,
  VM_AUTH_IMAGE,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_RESET,
  VM_STOP,
  vmStatus,
} from '../../schemas/index.js';
import { HostError, type QcomCalls, qcomCalls } from '../../src/host/index.js';
import { HypervisorModel } from '../../src/hypervisor/index.js';
import { managers } from '../../src/rm/index.js';
import { inspect } from '../../src/sim/check/state.js';
import { HLOS } from '../rm/guest.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, TREE } from './vm-setup.js';

const nothing = { vms: [], parcels: [], pagesElsewhere: 0 };
const SECURE_VMID = 28;
/** q515 has the calls of q61, through a transport of its own. */
const generations = { q515: 'q61', q61: 'q61', q66: 'q66', q612: 'q612' } as const;
type Name = keyof typeof generations;

function loader(name: Name, profile: (typeof managers)[keyof typeof managers] = managers.modern) {
  const machine = new Machine('a14', 'careful', { profile, endpoint: name });
  machine.write(TREE.page, tree({ rpc }));
  const calls = qcomCalls(generations[name]);
  const image = {
    vmid: SECURE_VMID,
    address: machine.page(IMAGE.page),
    size: BigInt(IMAGE.pages) * PAGE,
    system_vm: false,
    metadata_offset: BigInt(TREE.page) * PAGE,
    metadata_size: BigInt(TREE.pages) * PAGE,
    pas_id: 28,
    debug: name === 'q66' || name === 'q612',
  };
  return { machine, calls, image };
}

/** Boots, starts, stops, resets and frees the VM. */
function live({
  machine,
  calls,
  image,
}: {
  machine: Machine;
  calls: QcomCalls;
  image: Parameters<QcomCalls['secureVmLoad']>[0];
}) {
  const vm = machine.run(calls.secureVmLoad(image));
  machine.run(calls.secureVmStart(vm.vmid));
  expect(machine.bench.manager.vm(vm.vmid)?.state).toBe(vmStatus.values.RUNNING);
  machine.run(calls.vmStop({ vmid: vm.vmid, flags: 1, stop_reason: 3 }));
  machine.settle();
  machine.run(calls.vmReset(vm.vmid));
  machine.settle();
  machine.run(calls.secureVmFree(vm));
}

function broken({ bench: { manager } }: Machine) {
  return manager.hypervisor instanceof HypervisorModel
    ? [...inspect(manager, manager.hypervisor)]
    : ['no model'];
}

describe('the loader of secure VMs', () => {
  it.each(Object.keys(generations) as Name[])('%s: a VM from load to release, nothing is left', (name) => {
    const all = loader(name);
    live(all);
    expect(all.machine.remains).toEqual(nothing);
    expect(broken(all.machine)).toEqual([]);
    // The same again: what the first VM had is free.
    all.machine.write(TREE.page, tree({ rpc }));
    live(all);
    expect(all.machine.remains).toEqual(nothing);
  });

  it('cannot load on the public manager, which finds no devicetree without its place', () => {
    const { machine, calls, image } = loader('q61', managers.rm23);
    expect(failureOf(() => machine.run(calls.secureVmLoad(image))).call).toBe('VM_INIT');
  });

  it.each(Object.keys(generations) as Name[])('%s: a call goes wrong, and the rules still hold', (name) => {
    const count = (() => {
      const all = loader(name);
      live(all);
      return all.machine.calls.length;
    })();
    for (let call = 0; call < count; call++)
      for (const kind of ['refused', 'reply_lost', 'panic'] as const) {
        const all = loader(name);
        all.machine.fault = { call, kind };
        try {
          live(all);
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
        }
        expect([call, kind, broken(all.machine)]).toEqual([call, kind, []]);
        if (kind === 'panic') continue;
        release(all.machine);
        expect([call, kind, all.machine.remains]).toEqual([call, kind, nothing]);
      }
  });
});

/** What a person does about a VM that a loader has left: leads it to its end by the state that RM says. */
function release(machine: Machine): void {
  const { RUNNING, AUTH, INIT, LOAD, RESET } = vmStatus.values;
  const stateOf = () => machine.bench.manager.vm(SECURE_VMID)?.state;
  const ask = (id: number, ...words: number[]) => machine.bench.ask(id, ...words);
  if (stateOf() === RUNNING) ask(VM_STOP.id, SECURE_VMID | (1 << 16), 3);
  const unready: readonly (number | undefined)[] = [AUTH, INIT];
  if (stateOf() === AUTH) ask(VM_AUTH_IMAGE.id, SECURE_VMID | (1 << 16), 0, 0);
  if (unready.includes(stateOf())) ask(VM_INIT.id, SECURE_VMID);
  const over: readonly (number | undefined)[] = [undefined, LOAD, RESET];
  if (!over.includes(stateOf())) ask(VM_RESET.id, SECURE_VMID);
  machine.bench.manager.run();
  for (const { handle } of [...machine.bench.manager.parcels.ownedBy(HLOS)]) ask(MEM_RECLAIM.id, handle, 0);
  if (stateOf() !== undefined) ask(VM_DEALLOC_VMID.id, SECURE_VMID);
}
