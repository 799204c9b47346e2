import fc from 'fast-check';
import * as schemas from '../../schemas/index.js';
import { type FaultKind, type FaultRule, faultKinds } from '../../src/sim/faults.js';
import type { World, WorldObserver } from '../../src/sim/index.js';
import { HLOS, PAGE, Session } from './session.js';

export const rules: fc.Arbitrary<FaultRule[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<FaultKind>(...faultKinds),
    match: fc.record({ probability: fc.constantFrom(0.05, 0.2, 0.5) }),
    ns: fc.constantFrom(500, 5000, 100_000),
  }),
  { minLength: 1, maxLength: 4 },
);

/** What a VM may ask for, by number; handles are guessed. */
function request(kind: number, vmids: readonly number[], choice: number) {
  const vmid = vmids[choice % vmids.length] as number;
  const handle = { mem_handle: choice % 12, flags: 0 };
  const parcel = (pages: number) => ({
    mem_type: 0,
    flags: 0,
    label: 0,
    acl_entries: [{ vmid, rights: 7 }],
    sgl_entries: Array.from({ length: pages }, (_, index) => ({
      ipa: BigInt(0xa0000000 + ((choice % 16) * 64 + index * 2) * PAGE),
      size: BigInt(PAGE),
    })),
    attr_entries: [],
  });
  const accept = { mem_type: 0, trans_type: 1, flags: 0x80, label: 0, acl_entries: [], map_vmid: 0 };
  const all = [
    [schemas.VM_GET_VMID, {}],
    [schemas.VM_GET_STATE, { vmid }],
    [schemas.VM_GET_HYP_RESOURCES, { vmid }],
    [schemas.MEM_LEND, parcel(1)],
    // Several queue messages long.
    [schemas.MEM_LEND, parcel(30)],
    [schemas.MEM_ACCEPT, { ...handle, ...accept, sgl_entries: [], attr_entries: [] }],
    [schemas.MEM_RELEASE, handle],
    [schemas.MEM_RECLAIM, handle],
    [schemas.VM_SET_STATUS, { vm_status: 0, os_status: 3, app_status: choice }],
    [schemas.VM_STOP, { vmid, flags: choice & 1, stop_reason: 0 }],
    [schemas.VM_RESET, { vmid }],
  ] as const;
  return all[kind % all.length] as (typeof all)[number];
}

export const calls = fc.array(
  fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 40 }), fc.nat({ max: 255 }), fc.nat({ max: 3 })),
  {
    minLength: 20,
    maxLength: 60,
  },
);

/** HLOS and two VMs talk to the manager on bad lines. */
export function disturbedSession(
  seed: number,
  careful: boolean,
  faults: readonly FaultRule[],
  said: readonly (readonly [number, number, number, number])[],
  observe: (world: () => World) => WorldObserver = () => ({}),
) {
  const session: Session = new Session(seed, {
    manager: { careful },
    delays: { jitterNs: 3000 },
    observer: observe(() => session.world),
  });
  const vmids = [HLOS, session.boot(0).vmid, session.boot(1).vmid];
  session.disturb(faults);
  for (const [by, kind, choice, wait] of said) {
    const [message, payload] = request(kind, vmids, choice);
    session.send(vmids[by] as number, message, payload);
    session.world.run(session.world.now + wait * 1000);
  }
  session.world.run();
  session.check();
  return { session, vmids };
}
