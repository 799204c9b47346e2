import fc from 'fast-check';
import * as schemas from '../../schemas/index.js';
import {
  FORCE,
  HLOS,
  type KnownParcel,
  type KnownVm,
  OK,
  PAGE,
  type Reply,
  type Session,
} from './session.js';

/** What a life cycle call may lead to, and from where; the rules of rm-behaviour.md, "VM life cycle". */
export interface Model {
  /** Calls answered OK, by name, so that a test can tell that sessions get anywhere. */
  readonly done: Map<string, number>;
}

type Action = fc.Command<Model, Session>;

const { protocol } = schemas;
const SHARED_MEMORY = 0xa0000000;
const small = fc.nat({ max: 7 });

/** A command with arguments: recovers first, so that one death does not end a session. */
function command<T extends readonly unknown[]>(
  name: string,
  args: fc.Arbitrary<T>,
  run: (session: Session, model: Model, ...values: T) => void,
): fc.Arbitrary<Action> {
  return args.map((values) => ({
    check: () => true,
    run: (model, session) => {
      session.recover();
      run(session, model, ...values);
      session.check();
      const { broken, panics, world } = session;
      if (broken.length > 0) throw new Error(JSON.stringify(broken));
      if (world.manager.careful && panics.length > 0) throw new Error(`a careful manager died: ${panics}`);
    },
    toString: () => `${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`,
  }));
}

function count(model: Model, name: string, reply: Reply | undefined): boolean {
  const ok = reply?.error === OK;
  if (ok) model.done.set(name, (model.done.get(name) ?? 0) + 1);
  return ok;
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list.length === 0 ? undefined : list[index % list.length];
}

/** HLOS or one of the VMs. */
function anyone(session: Session, index: number): number {
  return pick([HLOS, ...session.vms.map(({ vmid }) => vmid)], index) as number;
}

/** A call that must not succeed unless the model allows it. */
function lifeCycle(
  session: Session,
  model: Model,
  vm: KnownVm,
  message: (typeof protocol.messages)[number],
  payload: object,
  from: readonly KnownVm['state'][],
  to: KnownVm['state'],
): void {
  const reply = session.call(HLOS, message, { vmid: vm.vmid, ...payload });
  if (session.world.manager.panicked !== undefined || !count(model, message.name, reply)) return;
  if (!from.includes(vm.state)) throw new Error(`${message.name} of a VM in ${vm.state} was answered OK`);
  vm.state = to;
}

const create = command(
  'create',
  fc.tuple(
    small,
    small,
    small,
    fc.nat({ max: 2 }),
    fc.nat({ max: 14 }),
    fc.integer({ min: 1, max: 3 }),
    fc.nat({ max: 3 }),
  ),
  (session, model, by, first, second, transType, page, pages, flags) => {
    const owner = anyone(session, by);
    const target = anyone(session, first);
    const known = session.vms.find(({ vmid }) => vmid === owner);
    const given = known === undefined ? undefined : pick(known.owned, page);
    const ipa = given?.ipa ?? SHARED_MEMORY + page * PAGE;
    const acl = [{ vmid: target, rights: 7 }];
    if (transType === 2 && owner !== target) acl.push({ vmid: owner, rights: 7 });
    const other = anyone(session, second);
    if (transType !== 0 && other !== owner && other !== target) acl.push({ vmid: other, rights: 4 });
    const message = [schemas.MEM_DONATE, schemas.MEM_LEND, schemas.MEM_SHARE][
      transType
    ] as typeof schemas.MEM_LEND;
    const label = page % 3;
    const reply = session.call(owner, message, {
      mem_type: 0,
      flags,
      label,
      acl_entries: acl,
      // In two ranges with a gap between them, so that contiguous mappings differ from scattered ones.
      sgl_entries: [
        { ipa: BigInt(ipa), size: BigInt(pages * PAGE) },
        ...(page % 2 === 0 && given === undefined
          ? [{ ipa: BigInt(ipa + (pages + 1) * PAGE), size: BigInt(PAGE) }]
          : []),
      ],
      attr_entries: [],
    });
    if (!count(model, message.name, reply)) return;
    session.parcels.push({
      handle: reply?.word as number,
      owner,
      targets: acl.map(({ vmid }) => vmid),
      transType,
      label,
    });
    if (given !== undefined && known !== undefined) known.owned.splice(known.owned.indexOf(given), 1);
  },
);

/** Commands about a parcel made before. */
function parcelCommand(
  name: string,
  run: (session: Session, model: Model, parcel: KnownParcel, sender: number, choice: number) => void,
): fc.Arbitrary<Action> {
  return command(name, fc.tuple(fc.nat({ max: 31 }), small, small), (session, model, index, by, choice) => {
    const parcel = pick(session.parcels, index);
    if (parcel === undefined) return;
    // Mostly somebody who may.
    const sender = choice === 7 ? anyone(session, by) : (pick(parcel.targets, by) ?? HLOS);
    run(session, model, parcel, sender, choice);
  });
}

const accept = parcelCommand('accept', (session, model, parcel, sender, choice) => {
  const contiguous = choice % 3 === 1 ? 0x10 : 0;
  const done = choice % 4 === 3 ? 0 : 0x80;
  const reply = session.call(sender, schemas.MEM_ACCEPT, {
    mem_handle: parcel.handle,
    mem_type: 0,
    trans_type: parcel.transType,
    flags: contiguous | done,
    label: parcel.label,
    acl_entries: [],
    map_vmid: 0,
    sgl_entries: [],
    attr_entries: [],
  });
  if (!count(model, 'MEM_ACCEPT', reply) || reply === undefined) return;
  const vm = session.vms.find(({ vmid }) => vmid === sender);
  if (parcel.transType !== 0 || done === 0 || vm === undefined) return;
  session.parcels.splice(session.parcels.indexOf(parcel), 1);
  for (let at = 4; at + 16 <= reply.rest.byteLength; at += 16)
    vm.owned.push({
      ipa: Number(reply.rest.getBigUint64(at, true)),
      size: Number(reply.rest.getBigUint64(at + 8, true)),
    });
});

const append = parcelCommand('append', (session, model, parcel, _sender, choice) => {
  const ipa = SHARED_MEMORY + (16 + choice * 3) * PAGE;
  const entries = [{ ipa: BigInt(ipa), size: BigInt(PAGE) }];
  // One that cannot be given away: the whole append fails.
  if (choice % 3 === 2) entries.push({ ipa: 0x1000n, size: BigInt(PAGE) });
  const payload = { mem_handle: parcel.handle, flags: choice & 1, sgl_entries: entries };
  count(model, 'MEM_APPEND', session.call(parcel.owner, schemas.MEM_APPEND, payload));
});

const release = parcelCommand('release', (session, model, parcel, sender) => {
  const payload = { mem_handle: parcel.handle, flags: 0 };
  count(model, 'MEM_RELEASE', session.call(sender, schemas.MEM_RELEASE, payload));
});

const reclaim = parcelCommand('reclaim', (session, model, parcel, sender, choice) => {
  const by = choice < 6 ? parcel.owner : sender;
  const payload = { mem_handle: parcel.handle, flags: choice & 1 };
  if (count(model, 'MEM_RECLAIM', session.call(by, schemas.MEM_RECLAIM, payload)))
    session.parcels.splice(session.parcels.indexOf(parcel), 1);
});

const notify = parcelCommand('notify', (session, model, parcel, sender, choice) => {
  const flags = 1 << (choice & 3);
  const fromOwner = flags === 1 || flags === 8;
  const others = parcel.targets.filter((vmid) => vmid !== parcel.owner).map((vmid) => ({ vmid }));
  const list = fromOwner ? { vmid_entries: others } : {};
  const payload = { mem_handle: parcel.handle, flags, mem_info_tag: 5, ...list };
  const by = fromOwner ? parcel.owner : sender;
  count(model, 'MEM_NOTIFY', session.call(by, schemas.MEM_NOTIFY, payload));
});

function vmCommand(name: string, run: (session: Session, model: Model, vm: KnownVm, choice: number) => void) {
  return command(name, fc.tuple(small, small), (session, model, index, choice) => {
    const vm = pick(session.vms, index);
    if (vm !== undefined) run(session, model, vm, choice);
  });
}

const make = command('make', fc.tuple(fc.nat({ max: 3 })), (session, _model, steps) => {
  const free = [0, 1, 2].find((slot) => session.vms.every((vm) => vm.slot !== slot));
  if (free === undefined) return;
  const vm = session.allocate(free);
  if (vm !== undefined) for (let step = 0; step < steps; step++) session.advance(vm);
});

const advance = vmCommand('advance', (session, _model, vm) => session.advance(vm));

const stop = vmCommand('stop', (session, model, vm, choice) => {
  const flags = choice < 6 ? FORCE : 0;
  const payload = { flags, stop_reason: 0 };
  lifeCycle(
    session,
    model,
    vm,
    schemas.VM_STOP,
    payload,
    ['running'],
    flags === FORCE ? 'exited' : 'running',
  );
});

const reset = vmCommand('reset', (session, model, vm) => {
  lifeCycle(session, model, vm, schemas.VM_RESET, {}, ['exited', 'ready', 'failed'], 'reset');
  if (vm.state === 'reset') vm.owned.length = 0;
});

const free = vmCommand('free', (session, model, vm) => {
  const reply = session.call(HLOS, schemas.VM_DEALLOC_VMID, { vmid: vm.vmid });
  if (!count(model, 'VM_DEALLOC_VMID', reply)) return;
  if (vm.state !== 'load' && vm.state !== 'reset') throw new Error(`a VM in ${vm.state} was freed`);
  session.vms.splice(session.vms.indexOf(vm), 1);
});

const halt = vmCommand('halt', (session, _model, vm, choice) => {
  if (vm.state !== 'running' && choice < 7) return;
  const state = [2, 6, 256][choice % 3] as number;
  session.world.perform({ kind: 'vcpu_halt', vmid: vm.vmid, state, data: [0n, 0n] });
  session.world.run();
  if (vm.state === 'running') vm.state = 'exited';
});

const exit = vmCommand('exit', (session, model, vm, choice) => {
  if (vm.state !== 'running' && choice < 7) return;
  const payload = { exit_flags: 0, exit_code: 0 };
  if (count(model, 'VM_EXIT', session.call(vm.vmid, schemas.VM_EXIT, payload))) vm.state = 'exited';
});

const interrupt = vmCommand('interrupt', (session, model, vm, choice) => {
  const { vmid } = vm;
  const virq = 40 + (choice >> 1);
  const lent = session.call(HLOS, schemas.VM_IRQ_LEND, { borrower: vmid, virq, label: 1 });
  const virq_handle = 0x10000000 + virq;
  if (count(model, 'VM_IRQ_LEND', lent) && vm.state === 'running')
    count(
      model,
      'VM_IRQ_ACCEPT',
      session.call(vmid, schemas.VM_IRQ_ACCEPT, { virq_handle, virq: 0xffffffff }),
    );
  if ((choice & 1) === 0) return;
  session.call(vmid, schemas.VM_IRQ_RELEASE, { virq_handle });
  count(model, 'VM_IRQ_RECLAIM', session.call(HLOS, schemas.VM_IRQ_RECLAIM, { virq_handle }));
});

const talk = vmCommand('talk', (session, model, { vmid }, choice) => {
  const [by, payload] = choice % 2 === 0 ? [HLOS, { vmid }] : [vmid, { vmid: 0 }];
  count(model, 'VM_CONSOLE_OPEN', session.call(by, schemas.VM_CONSOLE_OPEN, payload));
  const data = Uint8Array.of(65, 66, choice);
  session.call(by, schemas.VM_CONSOLE_WRITE, { ...payload, num_bytes: data.length, data });
  if (choice > 5) session.call(by, schemas.VM_CONSOLE_CLOSE, payload);
});

const ask = command('ask', fc.tuple(small, small, fc.nat({ max: 4 })), (session, model, by, about, which) => {
  const message = [
    schemas.VM_GET_STATE,
    schemas.VM_GET_ID,
    schemas.VM_GET_HYP_RESOURCES,
    schemas.VM_GET_CRASH_MSG,
    schemas.VM_GET_PEERS,
  ][which] as typeof schemas.VM_GET_STATE;
  const payload = which === 4 ? {} : { vmid: anyone(session, about) };
  count(model, message.name, session.call(anyone(session, by), message, payload));
});

/** Several VMs send before anyone takes anything. */
const burst = command(
  'burst',
  fc.tuple(fc.nat({ max: 24 }), small, fc.boolean()),
  (session, _model, many, by, hold) => {
    const { world } = session;
    if (hold) world.perform({ kind: 'receive_limit', vmid: HLOS, count: 0 });
    for (let index = 0; index < many; index++)
      session.send(anyone(session, index % 2 === 0 ? 0 : by), schemas.VM_GET_VMID, {});
    world.run();
    if (hold) world.perform({ kind: 'drain' });
    world.run();
  },
);

/** Bytes that nobody declared, under a header that is mostly right. */
const garbage = command(
  'garbage',
  fc.tuple(small, fc.nat({ max: protocol.messages.length - 1 }), fc.uint8Array({ maxLength: 40 }), small),
  (session, _model, by, index, bytes, how) => {
    const { id } = protocol.messages[index] as (typeof protocol.messages)[number];
    const frame = new Uint8Array(8 + bytes.length);
    frame.set([0x21, how === 0 ? (bytes[0] ?? 0) : 1, 9, 0]);
    new DataView(frame.buffer).setUint32(4, id, true);
    frame.set(bytes, 8);
    session.world.send(anyone(session, by), frame.slice(0, how === 1 ? bytes.length % 9 : frame.length));
    session.world.run();
    resync(session);
  },
);

/** Garbage may be a request like any other: what the model knows of VMs is asked for again. */
function resync(session: Session): void {
  const { manager } = session.world;
  const states = {
    1: 'init',
    2: 'ready',
    3: 'running',
    5: 'load',
    8: 'failed',
    9: 'exited',
    11: 'reset',
  } as const;
  for (const vm of [...session.vms]) {
    const state = manager.vm(vm.vmid)?.state;
    if (state === undefined) session.vms.splice(session.vms.indexOf(vm), 1);
    else vm.state = states[state as keyof typeof states] ?? 'failed';
  }
}

/** Sessions of up to so many commands. */
export function sessions(maxCommands: number): fc.Arbitrary<Iterable<Action>> {
  const more = <T>(times: number, item: T): T[] => Array.from({ length: times }, () => item);
  return fc.commands(
    [
      ...more(3, make),
      ...more(3, advance),
      ...more(4, create),
      ...more(4, accept),
      ...more(2, reclaim),
      ...more(2, notify),
      ...[append, release, stop, reset, free, halt, exit, interrupt, talk, ask, burst, garbage],
    ],
    { maxCommands, size: 'max' },
  );
}
