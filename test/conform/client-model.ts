import { VM_GET_HYP_RESOURCES } from '../../schemas/index.js';
import {
  clientOutcome,
  clientTreatments,
  type Outcome,
  PlayedManager,
  type SessionFacts,
  type Treatment,
} from '../../src/conform/index.js';
import { call, type GenerationName, hypercallError } from '../../src/host/index.js';
import {
  type Hypercall,
  type Running,
  regionFlags,
  UserProcess,
  type VmGenerationName,
  VmManager,
  vmGenerations,
} from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { type Outcome as Ended, RmClient } from '../../src/sim/kernels/rm-client.js';
import { rpc, tree } from '../rm/vm-tree.js';

const HLOS = 3;
const MEMORY = 0x9000_0000;
const PAGES = 0x1000;
const PAGE = 0x1000n;
const TREE_PAGE = 8;
const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, LENT } = regionFlags;
const RW = ALLOW_READ | ALLOW_WRITE;

export type Mode = 'faithful' | 'careful';

/** A client of RM with what it does in a session. */
interface Model {
  readonly client: RmClient;
  readonly operations: readonly (() => Running<unknown>)[];
}

interface Wires {
  readonly send: (frame: Uint8Array) => void;
  readonly crashed: (name: string) => void;
  readonly hypercall: (hypercall: Hypercall) => Uint8Array;
}

type MakeModel = (wires: Wires) => Model;

/** The transport of a generation, with calls that every one of them has. */
export function transportModel(generation: GenerationName): MakeModel {
  return ({ send, crashed, hypercall }) => {
    const client = new RmClient(generation, {
      send,
      hypercall,
      notified() {},
      hazard: ({ name, effect }) => effect === 'crash' && crashed(name),
    });
    function* session(): Running<void> {
      for (let count = 0; count < 3; count++) yield* call(VM_GET_HYP_RESOURCES, { vmid: HLOS });
    }
    return { client, operations: [session] };
  };
}

/** The VM manager of a generation: it makes a VM, starts it and closes it. */
export function vmManagerModel(generation: VmGenerationName, mode: Mode): MakeModel {
  return ({ send, crashed, hypercall }) => {
    const process = new UserProcess('vmm', [
      { address: BigInt(MEMORY), pages: PAGES, physical: BigInt(MEMORY) },
    ]);
    const manager = new VmManager({ generation, mode });
    const client = new RmClient(vmGenerations[generation].client, {
      send,
      hypercall,
      notified: (id, payload) => manager.notified(id, payload),
      hazard: ({ name, effect }) => effect === 'crash' && crashed(name),
    });
    const { vm, descriptor } = manager.createVm(process);
    const region = (label: number, page: number, pages: number, guestPhysAddr: bigint, flags: number) => ({
      label,
      flags,
      guestPhysAddr,
      memorySize: BigInt(pages) * PAGE,
      userspaceAddr: BigInt(MEMORY) + BigInt(page) * PAGE,
    });
    const lends = ['a14', 'a15', 'a16'].includes(generation);
    const image = region(1, 0, 16, 0x8000_0000n, RW | ALLOW_EXEC | (lends || mode === 'faithful' ? 0 : LENT));
    return {
      client,
      operations: [
        () => (lends ? vm.lendUserMem(image) : vm.setUserMemRegion(image)),
        () => vm.setUserMemRegion(region(2, 32, 2, 0x9000_0000n, RW)),
        function* config() {
          vm.setDtbConfig({ start: 0x8000_0000n + BigInt(TREE_PAGE) * PAGE, size: 8n * PAGE });
          yield* [];
        },
        () => vm.start(),
        () => vm.close(descriptor),
      ],
    };
  };
}

interface Session {
  readonly facts: SessionFacts;
  readonly crashed: string | undefined;
}

/** One session of a model against the played manager. */
function play(
  treatment: Treatment,
  make: MakeModel,
  profile: (typeof managers)['rm23' | 'modern'],
  patient: boolean,
): Session {
  const outbox: Uint8Array[] = [];
  const inbox: Uint8Array[] = [];
  let crashed: string | undefined;
  const memory = [{ address: MEMORY + TREE_PAGE * Number(PAGE), bytes: tree({ rpc }) }];
  const played = new PlayedManager(treatment, { profile }, memory, (to, frame) => {
    if (to === HLOS) inbox.push(frame);
  });
  const { client, operations } = make({
    send: (frame) => outbox.push(frame),
    crashed: (name) => {
      crashed ??= name;
    },
    hypercall: (hypercall) => {
      if (hypercall.name === 'vcpu_run') throw new Error('nothing runs here');
      const result = played.manager.hypervisor.extents.perform(HLOS, hypercall);
      if (result.error !== 0) throw hypercallError(hypercall.name, result);
      return new Uint8Array();
    },
  });
  for (const operation of operations) {
    let ended: Ended<unknown> | undefined;
    client.run(operation(), (outcome) => {
      ended = outcome;
    });
    // An operation that fails is followed by the next ones, as user space goes on to close its VM.
    for (let turn = 0; turn < 10_000 && crashed === undefined; turn++) {
      const frame = outbox.shift();
      const message = inbox.shift();
      if (frame !== undefined) played.receive(HLOS, frame);
      if (message !== undefined) client.received(message);
      if (frame !== undefined || message !== undefined) continue;
      client.wake();
      if (outbox.length > 0 || played.idle()) continue;
      if (ended === undefined && patient && client.giveUp()) continue;
      break;
    }
    // A faithful client would have crashed where its error stands for a crash.
    const hazard = ended !== undefined && 'error' in ended ? ended.error.hazard : undefined;
    if (!patient && hazard?.effect === 'crash') crashed ??= hazard.name;
    if (ended === undefined || crashed !== undefined) break;
  }
  return { facts: played.facts, crashed };
}

/** The outcomes of all cases for a model. @param patient it gives up waiting for what does not come. */
export function outcomesOf(
  make: MakeModel,
  patient: boolean,
  profile: (typeof managers)['rm23' | 'modern'] = managers.rm23,
): readonly Outcome[] {
  const treatments = clientTreatments();
  const usual = play(treatments[0] as Treatment, make, profile, patient);
  return treatments.map((treatment) => {
    const { facts, crashed } = play(treatment, make, profile, patient);
    return clientOutcome(treatment, facts, usual.facts, { crashed }, 0);
  });
}

export const failuresOf = (outcomes: readonly Outcome[]) =>
  outcomes
    .filter(({ status }) => status === 'failed' || status === 'blocked')
    .map(({ name, reason }) => `${name}: ${reason}`);
