import { constants, protocol } from '../../../schemas/index.js';
import { linePackets } from '../../capture/ndjson/index.js';
import type { SecureVmImage } from '../../host/index.js';
import { refuser } from '../../host/refusal.js';
import { vmGenerations } from '../../host/vm-manager/index.js';
import { Access, ownerName, type Refusal } from '../../hypervisor/index.js';
import {
  type FileContents,
  isMemoryOperation,
  type Operation,
  operations,
  readOperation,
  UNLIMITED,
} from '../../machine/index.js';
import { type BehaviourName, behaviours } from '../kernels/guest.js';
import type { GuestStep } from '../kernels/guest-vcpu.js';
import type { Kernels } from '../kernels/kernels.js';
import type { HostGeneration } from '../kernels/linux-host.js';
import type { Outcome } from '../kernels/rm-client.js';
import { type LoaderGeneration, loaderGenerations, secureVmSteps } from '../kernels/secure-vm-loader.js';
import { readNote } from '../recording.js';
import type { World } from '../world.js';
import { readRule } from './fault-rule.js';
import { type HostCall, readHostCall } from './host-step.js';
import { type Line, namesOf, natural, object, oneOf, optional, refuse, strictly, text, u64 } from './read.js';

/** What the operations of a scenario act on. */
export interface Stage {
  readonly world: World;
  readonly kernels: Kernels;
  readonly perform: (operation: Operation) => void;
  /** A VM sends a message; its first queue message is what the step's reply answers. */
  readonly send: (from: number, frames: readonly Uint8Array[]) => void;
  /** Linux of the primary VM begins an operation, whose end is the step's result. */
  readonly callHost: (call: HostCall) => void;
  /** The step's operation has ended at once. */
  readonly returned: (outcome: Outcome<unknown>) => void;
}

/** What a step does. */
export interface Action {
  /** The VM that replies go to, unless an expectation says otherwise. */
  readonly from: number | undefined;
  /** What ends with a result of its own: the title of an operation of the primary VM's Linux. */
  readonly call?: string;
  readonly act: (stage: Stage) => void;
}

/** An operation of scenarios besides those of a machine. */
interface Row {
  /** Lines that show it, each with what it does, for people. */
  readonly help: readonly (readonly [example: string, does: string])[];
  readonly read: (line: Line) => Omit<Action, 'from'> & { readonly from?: number };
}

const behaviourNames = Object.keys(behaviours) as BehaviourName[];
const hostGenerations = Object.keys(vmGenerations) as HostGeneration[];
const hostModes = ['careful', 'faithful'] as const;

/** The host's operations have a section of the help to themselves. */
const hostCall = (op: 'ioctl' | 'close' | 'guest_mem'): Row => ({
  help: [],
  read: (line) => {
    const call = readHostCall(line, op);
    return { from: constants.VMID_HLOS, call: call.title, act: (stage) => stage.callHost(call) };
  },
});

const limit = (count: number) => (line: Line) => {
  const vmid = natural(line.vmid, 'vmid');
  return { act: ({ perform }: Stage) => perform({ kind: 'receive_limit', vmid, count }) };
};

const rows: Readonly<Record<string, Row>> = {
  hold: { help: [['{"op":"hold","vmid":3}', 'a VM stops taking messages']], read: limit(0) },
  release: { help: [['{"op":"release","vmid":3}', 'a VM takes messages again']], read: limit(UNLIMITED) },
  fault: {
    help: [['{"op":"fault","rule":{...}}', 'adds a fault rule behind the others']],
    read: (line) => {
      const rule = readRule(object(line.rule, 'rule'));
      return { act: ({ world }) => world.faults.add(rule) };
    },
  },
  faults_off: {
    help: [['{"op":"faults_off"}', 'no fault rule acts any more']],
    read: () => ({ act: ({ world }) => world.faults.clear() }),
  },
  host: {
    help: [],
    read: (line) => {
      const generation = oneOf(hostGenerations, line.generation ?? 'a14', 'generation');
      const mode = oneOf(hostModes, line.mode ?? 'careful', 'mode');
      return { act: ({ kernels }) => kernels.bootHost(generation, mode) };
    },
  },
  loader: {
    help: [['{"op":"loader","generation":"q66"}', "boots Qualcomm's loader of secure VMs in VM 3"]],
    read: (line) => {
      const generation = oneOf(loaderNames, line.generation, 'generation');
      return { act: ({ kernels }) => kernels.bootLoader(generation) };
    },
  },
  secure_vm: {
    help: [
      [
        '{"op":"secure_vm","do":"load","vmid":28,"address":"0x88000000","size":"0x2000000","metadata_size":"0x100000","pas_id":28}',
        'loads a VM; then start, stop, reset, free; undo takes apart what a failure has left',
      ],
    ],
    read: (line) => {
      const step = oneOf(secureVmSteps, line.do, 'do');
      const vmid = natural(line.vmid, 'vmid');
      const image = step === 'load' ? readImage(line, vmid) : undefined;
      return {
        from: constants.VMID_HLOS,
        call: `${step} of VM ${vmid}`,
        act: ({ kernels: { loader }, returned }) =>
          loader.run(
            image === undefined
              ? loader.step(step as Exclude<typeof step, 'load'>, vmid)
              : loader.load(image),
            returned,
          ),
      };
    },
  },
  guest: {
    help: [],
    read: (line) => {
      const vmid = natural(line.vmid, 'vmid');
      const does = namesOf(behaviourNames, line.does ?? behaviourNames, 'does');
      return { act: ({ kernels }) => kernels.bootGuest(vmid, does) };
    },
  },
  guest_does: {
    help: [
      [
        '{"op":"guest_does","vmid":128,"steps":[{"write":"0x80000000","size":8,"value":"0x1"},"power_off"]}',
        'what the boot vCPU does when it runs: read, write, fetch, wait, power_off, reset',
      ],
    ],
    read: (line) => {
      const vmid = natural(line.vmid, 'vmid');
      const steps = readGuestSteps(line.steps);
      return { act: ({ kernels }) => kernels.vcpu(vmid).add(steps) };
    },
  },
  wake_vcpu: {
    help: [['{"op":"wake_vcpu","vm":"a","vcpu":0}', 'an interrupt for a vCPU of a VM of the host']],
    read: (line) => {
      const [vm, vcpu] = [text(line.vm, 'vm'), optional(line, 'vcpu', natural) ?? 0];
      return { act: ({ kernels }) => kernels.host.wakeVcpu(vm, vcpu) };
    },
  },
  access: {
    help: [
      [
        '{"op":"access","vmid":200,"address":"0x88000000","access":"W","seen":{"phys":"0x88000000"}}',
        'what an access of a VM meets: "phys" and "granule", or "fault"; an internal VM gets an abort for a fault',
      ],
    ],
    read: (line) => {
      const vmid = natural(line.vmid, 'vmid');
      const address = Number(u64(line.address, 'address'));
      const access = Access[oneOf(accessNames, line.access ?? 'R', 'access')];
      return {
        call: `access of VM ${vmid}`,
        act: ({ world, returned }) => returned({ value: accessed(world, vmid, address, access) }),
      };
    },
  },
  ioctl: hostCall('ioctl'),
  close: hostCall('close'),
  guest_mem: hostCall('guest_mem'),
};

/** Lines that show the operations, each with what it does, for people. */
export const operationHelp = [
  ...Object.values(operations),
  ...Object.values(rows),
  {
    help: [
      ['{"op":"remark","text":"..."}', 'does nothing'],
      ['{"op":"end"}', 'ends the scenario'],
    ],
  } as const,
].flatMap(({ help }) => help);

const loaderNames = Object.keys(loaderGenerations) as LoaderGeneration[];

function readImage(line: Line, vmid: number): SecureVmImage {
  return {
    vmid,
    address: u64(line.address, 'address'),
    size: u64(line.size, 'size'),
    system_vm: line.system_vm === true,
    metadata_offset: optional(line, 'metadata_offset', u64) ?? 0n,
    metadata_size: u64(line.metadata_size, 'metadata_size'),
    pas_id: natural(line.pas_id, 'pas_id'),
    debug: line.debug === true,
  };
}

const accessNames = Object.keys(Access) as (keyof typeof Access)[];

function accessed(world: World, vmid: number, address: number, access: number) {
  const { hypervisor } = world.manager;
  const { memory } = hypervisor;
  if (memory.isInternal(vmid)) hypervisor.internalVm(vmid).access(address, access);
  const found = memory.translate(vmid, address, access);
  if ('reason' in found) return { fault: found.reason };
  return { phys: `0x${found.phys.toString(16)}`, granule: `0x${found.granule.toString(16)}` };
}

const accesses = ['read', 'write', 'fetch'] as const;

function readGuestSteps(value: unknown): GuestStep[] {
  if (!Array.isArray(value)) return refuse('steps', 'a list', value);
  return value.map((step, index): GuestStep => {
    const path = `steps[${index}]`;
    if (typeof step === 'string') return { does: oneOf(['wait', 'power_off', 'reset'], step, path) };
    return strictly(object(step, path), path, (line): GuestStep => {
      const does =
        accesses.find((name) => line[name] !== undefined) ?? refuse(path, accesses.join(', '), step);
      const size = optional(line, 'size', natural) ?? 8;
      return { does, address: u64(line[does], path), size, value: optional(line, 'value', u64) ?? 0n };
    });
  });
}

/** Keys of a step that are not part of its message. */
const STEP_KEYS = new Set(
  'at after times as expect out panic refused result findings exit seen refusal op driver'.split(' '),
);

/** Reads what a step does. Throws WireError: `scenario` or `recording`, or what is wrong with its message. */
export function readAction(line: Line, file: FileContents): Action {
  const { op } = line;
  const from = optional(line, 'from', natural);
  if (op === undefined && line.frame === undefined) return readMessage(line);
  const row = typeof op === 'string' && Object.hasOwn(rows, op) ? rows[op] : undefined;
  if (row !== undefined) return { from, ...row.read(line) };
  if (readNote(line) !== undefined) return { from, act: () => {} };
  const operation = readOperation(line, file);
  if (operation.kind === 'hypercall' || !isMemoryOperation(operation))
    return { from, act: ({ perform }) => perform(operation) };
  return {
    from,
    call: operation.kind,
    act: ({ world, returned }) => returned(outcomeOf(operation.kind, world.performOnMemory(operation))),
  };
}

function outcomeOf(name: string, refusal: Refusal | undefined): Outcome<undefined> {
  if (refusal === undefined) return { value: undefined };
  const { path, offset, code, errno, expected, actual, pageOwner } = refusal;
  const of = pageOwner === undefined ? '' : `, a page of ${ownerName(pageOwner)}`;
  return { error: refuser(name, path, offset)(errno, code, expected, `${actual}${of}`) };
}

function readMessage(line: Line): Action {
  const from = natural(line.from, 'from');
  const message = Object.fromEntries(Object.entries(line).filter(([key]) => !STEP_KEYS.has(key)));
  const frames = linePackets(protocol, message).map(({ bytes }) => bytes);
  return { from, act: ({ send }) => send(from, frames) };
}
