import { describe, expect, it } from 'vitest';
import { constants, MEM_ACCEPT, MEM_RECLAIM, protocol, VM_GET_VMID } from '../../schemas/index.js';
import {
  Access,
  type HypervisorModel,
  NOBODY,
  type Party,
  parcelOwner,
  type Transition,
} from '../../src/hypervisor/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { CallCheck } from '../../src/sim/check/calls.js';
import { Segments } from '../../src/sim/check/segments.js';
import { HLOS, OK, PAGE, Session } from './session.js';

const IPA = 0xa0000000;

function between(source: Party, target: Party): Transition {
  return { kind: 'normal', source, target, size: PAGE };
}

/** A session whose HLOS has lent two pages, and what is wrong after something was done behind the manager's back. */
function tampered(tamper: (hypervisor: HypervisorModel, session: Session, handle: number) => void): string[] {
  const session = new Session(1);
  const lent = session.lend(HLOS, 4, IPA, 2 * PAGE);
  expect(lent?.error).toBe(OK);
  expect([session.broken, session.met]).toEqual([[], []]);
  tamper(session.world.manager.hypervisor as HypervisorModel, session, lent?.word as number);
  session.check();
  return session.broken.map(({ rule }) => rule);
}

describe('the checker sees', () => {
  it('nothing where nothing is wrong', () => {
    expect(tampered(() => {})).toEqual([]);
  });

  it('a lender that still has what it lent, and a stranger that has it', () => {
    const shared = (owner: number) =>
      tampered(({ memory }, _session, handle) =>
        memory.share(
          between({ owner: parcelOwner(handle), address: IPA }, { owner, address: IPA }),
          Access.R,
        ),
      );
    expect(shared(HLOS)).toEqual(['lender_sees_memory']);
    expect(shared(9)).toEqual(['seen_by_stranger']);
  });

  it('memory that is somebody else’s than the messages say', () => {
    const rules = tampered(({ memory }, _session, handle) =>
      memory.donate(between({ owner: parcelOwner(handle), address: IPA }, { owner: NOBODY, address: IPA })),
    );
    expect(rules).toEqual(['parcel_not_owned', 'owners_differ']);
    const away = IPA + 0x10000;
    const gone = tampered(({ memory }) =>
      memory.donate(between({ owner: HLOS, address: away }, { owner: 77, address: away })),
    );
    expect(gone).toEqual(['memory_of_nobody', 'owners_differ']);
  });

  it('parcels that were forgotten, and counts that are wrong', () => {
    const rules = tampered((_hypervisor, { world: { manager } }, handle) => {
      const parcel = manager.parcels.get(handle);
      if (parcel !== undefined) manager.parcels.delete(parcel);
    });
    expect(rules).toEqual(['memory_in_no_parcel']);
    const shared = tampered((_hypervisor, { world: { manager } }, handle) => {
      const parcel = manager.parcels.get(handle);
      if (parcel !== undefined) parcel.shareCount = 3;
    });
    expect(shared).toEqual(['share_count']);
  });

  it('a reclaim of what somebody has', () => {
    const session = new Session(1);
    const { vmid } = session.boot(0);
    const handle = session.lend(HLOS, vmid, IPA, PAGE)?.word as number;
    const accept = { mem_handle: handle, mem_type: 0, trans_type: 1, flags: 0x80, label: 0, acl_entries: [] };
    expect(
      session.call(vmid, MEM_ACCEPT, { ...accept, map_vmid: 0, sgl_entries: [], attr_entries: [] })?.error,
    ).toBe(OK);
    const parcel = session.world.manager.parcels.get(handle);
    if (parcel !== undefined) parcel.state = 'sharing';
    expect(session.call(HLOS, MEM_RECLAIM, { mem_handle: handle, flags: 0 })?.error).toBe(OK);
    // The hypervisor takes nothing from a VM that has it: the memory stays in the parcel that is gone.
    expect(session.broken.map(({ rule }) => rule)).toEqual([
      'reclaimed_in_use',
      'memory_in_no_parcel',
      'seen_by_stranger',
      'owners_differ',
    ]);
  });
});

describe('CallCheck', () => {
  const frame = (type: 'request' | 'reply', seq: number) =>
    encodeMessage(protocol, VM_GET_VMID, type, {
      seq,
      payload: type === 'reply' ? { vmid: 3 } : {},
    } as never)[0] as Uint8Array;
  const { VMID_RM } = constants;

  function checked() {
    const calls: string[] = [];
    const strays: number[] = [];
    const check = new CallCheck(
      ({ vmid, error, reply }) => calls.push(`${vmid} ${error} ${reply.getUint32(0, true)}`),
      (_vmid, _id, seq) => strays.push(seq),
    );
    const ask = (seq: number) => check.put(HLOS, VMID_RM, frame('request', seq));
    const answer = (seq: number) => check.put(VMID_RM, HLOS, frame('reply', seq));
    return { check, calls, strays, ask, answer };
  }

  it('pairs replies with requests', () => {
    const { check, calls, strays, ask, answer } = checked();
    ask(1);
    ask(2);
    answer(2);
    answer(1);
    expect(calls).toEqual(['3 0 3', '3 0 3']);
    expect([...check.waiting(), ...strays]).toEqual([]);
  });

  it('reports a reply that nobody asked for, a second one, and one that never came', () => {
    const { check, strays, ask, answer } = checked();
    answer(1);
    ask(2);
    answer(2);
    answer(2);
    expect(strays).toEqual([1, 2]);
    ask(3);
    expect([...check.waiting()]).toEqual([HLOS]);
    expect(check.unanswered(HLOS)).toEqual([`0x${VM_GET_VMID.id.toString(16)} seq 3`]);
    ask(4);
    check.forget(HLOS);
    answer(4);
    expect(strays).toEqual([1, 2, 4]);
  });
});

describe('Segments', () => {
  it('cut, merge, and tell whose each part is', () => {
    const segments = new Segments([{ start: 0, end: 100, owner: 1 }]);
    segments.assign(20, 40, 2);
    segments.assign(30, 50, 3);
    expect(segments.ownersOf(10, 60)).toEqual([1, 2, 3, 1]);
    expect(segments.ownersOf(90, 110)).toEqual([1, undefined]);
    segments.replace(3, 2);
    expect(segments.list).toEqual([
      { start: 0, end: 20, owner: 1 },
      { start: 20, end: 50, owner: 2 },
      { start: 50, end: 100, owner: 1 },
    ]);
    segments.assign(20, 50, 1);
    expect(segments.list).toEqual([{ start: 0, end: 100, owner: 1 }]);
  });
});
