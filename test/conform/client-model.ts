import { regSet, VM_GET_HYP_RESOURCES } from '../../schemas/index.js';
import {
  clientOutcome,
  clientTreatments,
  type Outcome,
  PlayedManager,
  type SessionFacts,
  type Treatment,
} from '../../src/conform/index.js';
import { fallocateModes, guestMemoryFlags } from '../../src/host/guest-memory/index.js';
import { call, type GenerationName, type Hazard, hazards, hypercallError } from '../../src/host/index.js';
import {
  type GunyahVm,
  type Hypercall,
  ioctls,
  mapMemFlags,
  type Running,
  regionFlags,
  UserProcess,
  type VmGenerationName,
  VmManager,
  vmGenerations,
  vmHazards,
} from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { type Outcome as Ended, RmClient } from '../../src/sim/kernels/rm-client.js';
import { rpc, tree } from '../rm/vm-tree.js';

const HLOS = 3;
const MEMORY = 0x9000_0000;
const PAGES = 0x1000;
const PAGE = 0x1000n;
const TREE_PAGE = 8;
const GUEST = 0x8000_0000n;
const GUEST_SHARED = 0x9000_0000n;
/** SET_BOOT_CONTEXT's number of the program counter (client.md, section 5). */
const PC = regSet.values.PC << 8;
const bootsByRegisters: readonly string[] = ioctls.SET_BOOT_CONTEXT.generations;
const lendsUserMem: readonly string[] = ioctls.LEND_USER_MEM.generations;
const IMAGE_PAGES = 16;
const SHARED_PAGES = 2;
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
  readonly hazard: (hazard: Hazard) => void;
  readonly hypercall: (hypercall: Hypercall) => Uint8Array;
}

type MakeModel = (wires: Wires) => Model;

/** The transport of a generation, with calls that every one of them has. */
export function transportModel(generation: GenerationName): MakeModel {
  return ({ send, hazard, hypercall }) => {
    const client = new RmClient(generation, {
      send,
      hypercall,
      notified() {},
      hazard,
    });
    function* session(): Running<void> {
      for (let count = 0; count < 3; count++) yield* call(VM_GET_HYP_RESOURCES, { vmid: HLOS });
    }
    return { client, operations: [session] };
  };
}

/** Memory of a VM of v17 is a guest memory file: the image is lent, and pages behind it are shared. */
function* bindFile(manager: VmManager, vm: GunyahVm, by: string): Running<void> {
  let next = MEMORY;
  const size = (IMAGE_PAGES + SHARED_PAGES) * Number(PAGE);
  const file = manager.createGuestMem({
    size,
    flags: guestMemoryFlags.CLOEXEC,
    removeFromDirectMap: true,
    allocate: (bytes) => {
      next += bytes;
      return next - bytes;
    },
  });
  // The folios lie as their offsets do, so that the devicetree is where the other generations have it.
  yield* manager.fallocate(file, fallocateModes.KEEP_SIZE, { offset: 0, size }, by);
  const { FORCE_SHARE, ALLOW_READ: R, ALLOW_WRITE: W, ALLOW_EXEC: X } = mapMemFlags;
  const image = BigInt(IMAGE_PAGES) * PAGE;
  vm.mapMem({ file, guestAddress: GUEST, offset: 0n, size: image, flags: R | W | X });
  const shared = BigInt(SHARED_PAGES) * PAGE;
  vm.mapMem({ file, guestAddress: GUEST_SHARED, offset: image, size: shared, flags: FORCE_SHARE | R | W });
}

/** The VM manager of a generation: it makes a VM, starts it and closes it. */
export function vmManagerModel(generation: VmGenerationName, mode: Mode): MakeModel {
  return ({ send, hazard, hypercall }) => {
    const process = new UserProcess('vmm', [
      { address: BigInt(MEMORY), pages: PAGES, physical: BigInt(MEMORY) },
    ]);
    const manager = new VmManager({
      generation,
      mode,
      // The careful manager reports what would have been a crash, and goes on.
      onEvent: (_vm, event) => event.kind === 'hazard' && mode === 'faithful' && hazard(event.report.hazard),
    });
    const client = new RmClient(vmGenerations[generation].client, {
      send,
      hypercall,
      notified: (id, payload) => manager.notified(id, payload),
      hazard,
    });
    const { vm, descriptor } = manager.createVm(process);
    const start = [
      function* config() {
        vm.setDtbConfig({ start: GUEST + BigInt(TREE_PAGE) * PAGE, size: 8n * PAGE });
        if (bootsByRegisters.includes(generation)) yield* vm.setBootContext(PC, GUEST);
      },
      () => vm.start(),
      () => vm.close(descriptor),
    ];
    if (manager.generation.memory === 'guest_memory')
      return { client, operations: [() => bindFile(manager, vm, process.name), ...start] };
    const region = (label: number, page: number, pages: number, guestPhysAddr: bigint, flags: number) => ({
      label,
      flags,
      guestPhysAddr,
      memorySize: BigInt(pages) * PAGE,
      userspaceAddr: BigInt(MEMORY) + BigInt(page) * PAGE,
    });
    const lends = lendsUserMem.includes(generation);
    // v11 has neither LEND_USER_MEM nor the flag, which the careful manager takes from everybody who lacks the ioctl.
    const flag = !lends && (manager.generation.regions.lentFlag || mode === 'careful') ? LENT : 0;
    const image = region(1, 0, IMAGE_PAGES, GUEST, RW | ALLOW_EXEC | flag);
    return {
      client,
      operations: [
        () => (lends ? vm.lendUserMem(image) : vm.setUserMemRegion(image)),
        () => vm.setUserMemRegion(region(2, 32, SHARED_PAGES, GUEST_SHARED, RW)),
        ...start,
      ],
    };
  };
}

interface Session {
  readonly facts: SessionFacts;
  readonly crashed: string | undefined;
  /** Names of the known faults that the client has shown, each once. */
  readonly defects: ReadonlySet<string>;
}

/** What a case showed of a model. */
export interface ModelOutcome extends Outcome {
  /** Known faults of the client that the usual session does not show. */
  readonly defects: readonly string[];
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
  const defects = new Set<string>();
  const memory = [{ address: MEMORY + TREE_PAGE * Number(PAGE), bytes: tree({ rpc }) }];
  const played = new PlayedManager(treatment, { profile }, memory, (to, frame) => {
    if (to === HLOS) inbox.push(frame);
  });
  const { client, operations } = make({
    send: (frame) => outbox.push(frame),
    hazard: ({ name, effect }) => {
      defects.add(name);
      if (effect === 'crash') crashed ??= name;
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
      client.settle();
      if (outbox.length > 0 || played.idle()) continue;
      if (ended === undefined && patient && client.giveUp()) continue;
      break;
    }
    // A faithful client would have crashed where its error stands for a crash.
    const hazard = ended !== undefined && 'error' in ended ? ended.error.hazard : undefined;
    if (hazard !== undefined) defects.add(hazard.name);
    if (!patient && hazard?.effect === 'crash') crashed ??= hazard.name;
    // Nothing is on its way and nothing gives up: the real client waits here for ever.
    if (ended === undefined && crashed === undefined)
      defects.add(played.facts.isWaiting ? hazards.no_reply.name : vmHazards.endless_wait.name);
    if (ended === undefined || crashed !== undefined) break;
  }
  return { facts: played.facts, crashed, defects };
}

/** The outcomes of all cases for a model. @param patient it gives up waiting for what does not come. */
export function outcomesOf(
  make: MakeModel,
  patient: boolean,
  profile: (typeof managers)['rm23' | 'modern'] = managers.rm23,
): readonly ModelOutcome[] {
  const treatments = clientTreatments();
  const usual = play(treatments[0] as Treatment, make, profile, patient);
  return treatments.map((treatment) => {
    const { facts, crashed, defects } = play(treatment, make, profile, patient);
    return {
      ...clientOutcome(treatment, facts, usual.facts, { crashed }, 0),
      defects: [...defects].filter((name) => !usual.defects.has(name)),
    };
  });
}

export const failuresOf = (outcomes: readonly Outcome[]) =>
  outcomes
    .filter(({ status }) => status === 'failed' || status === 'blocked')
    .map(({ name, reason }) => `${name}: ${reason}`);
