import { fallocateModes } from '../../host/guest-memory/index.js';
import {
  functionTypes,
  type GunyahVm,
  type IoctlName,
  mapMemFlags,
  ResumeAction,
  type Running,
  regionFlags,
  type VcpuExit,
} from '../../host/vm-manager/index.js';
import type { FileOperation, LinuxHost } from '../kernels/linux-host.js';
import type { Outcome } from '../kernels/rm-client.js';
import { flags, hex, type Line, natural, oneOf, optional, text, u32, u64 } from './read.js';

/** An operation of the primary VM's Linux that a scenario asks for. */
export interface HostCall {
  /** For people: `START a`. */
  readonly title: string;
  /** Name of the VM that the operation is on. */
  readonly vm: string | undefined;
  readonly begin: (host: LinuxHost, ended: (outcome: Outcome<unknown>) => void) => void;
}

/** `name` is that of the VM, or of the file that is made. */
type Ioctl = (line: Line, name: string) => (host: LinuxHost) => Running<unknown>;

/** An ioctl on a VM that exists. @param read what it does to that VM. */
function onVm(read: (line: Line) => (vm: GunyahVm) => Running<void> | void): Ioctl {
  return (line, name) => {
    const ioctl = read(line);
    return (host) => host.on(name, ioctl);
  };
}

/** Ioctls by name; keys are those of the structs of include/uapi/linux/gunyah.h. */
const ioctls: Readonly<Record<IoctlName, Ioctl>> = {
  CREATE_VM: (line, vm) => {
    const argument = optional(line, 'arg', natural) ?? 0;
    return (host) => host.createVm(vm, argument);
  },
  SET_USER_MEM_REGION: onVm((line) => {
    const region = readRegion(line);
    return (vm) => vm.setUserMemRegion(region);
  }),
  SET_DTB_CONFIG: onVm((line) => {
    const range = readRange(line);
    return (vm) => vm.setDtbConfig(range);
  }),
  START: onVm(() => (vm) => vm.start()),
  ADD_FUNCTION: (line, vm) => {
    const request = readFunction(line);
    return (host) => host.addFunction(vm, request);
  },
  REMOVE_FUNCTION: onVm((line) => {
    const request = readFunction(line);
    return (vm) => vm.removeFunction(request);
  }),
  CREATE_GUEST_MEM: (line, file) => {
    const size = Number(u64(line.size, 'size'));
    const bits = BigInt(flags({ CLOEXEC: 1, ALLOW_HUGEPAGE: 2 }, line.flags ?? 0));
    const address = Number(u64(line.address, 'address'));
    return (host) => host.createGuestMem(file, size, bits, address);
  },
  MAP_MEM: (line, vm) => {
    const file = fileOf(line);
    const request = {
      guestAddress: u64(line.guest_addr, 'guest_addr'),
      flags: flags(mapMemFlags, line.flags),
      offset: u64(line.offset, 'offset'),
      size: u64(line.size, 'size'),
    };
    return (host) => host.mapMem(vm, file, request);
  },
  VCPU_RUN: (line, vm) => {
    const id = optional(line, 'vcpu', natural) ?? 0;
    const said = {
      data: optional(line, 'data', u64) ?? 0n,
      resumeAction: ResumeAction[oneOf(resumeActions, line.resume_action ?? 'HANDLED', 'resume_action')],
      immediateExit: line.immediate_exit === true,
    };
    return (host) => host.runVcpu(vm, id, said);
  },
  SET_BOOT_CONTEXT: onVm((line) => {
    const register = u32(line.reg, 'reg');
    const value = u64(line.value, 'value');
    return (vm) => vm.setBootContext(register, value);
  }),
  LEND_USER_MEM: onVm((line) => {
    const region = readRegion(line);
    return (vm) => vm.lendUserMem(region);
  }),
  SET_FW_CONFIG: onVm((line) => {
    const range = readRange(line);
    return (vm) => vm.setFwConfig(range);
  }),
};

/** Operations on part of a guest memory file, by name. */
export const fileOperations = {
  make_inaccessible: { kind: 'make_inaccessible' },
  make_accessible: { kind: 'make_accessible' },
  map: { kind: 'hold', hold: 'mapping' },
  unmap: { kind: 'drop', hold: 'mapping' },
  pin: { kind: 'hold', hold: 'pin' },
  unpin: { kind: 'drop', hold: 'pin' },
  lend: { kind: 'hold', hold: 'loan' },
  unlend: { kind: 'drop', hold: 'loan' },
  truncate: { kind: 'truncate' },
} as const satisfies Readonly<Record<string, FileOperation>>;

/** Reads a step of the host. Throws WireError `scenario`. */
export function readHostCall(line: Line, op: 'ioctl' | 'close' | 'guest_mem'): HostCall {
  if (op === 'ioctl') return readIoctl(line);
  if (op === 'guest_mem') return readFileOperation(line);
  return running(`close ${vmOf(line)}`, vmOf(line), (host) => host.close(vmOf(line)));
}

function readIoctl(line: Line): HostCall {
  const name = oneOf(Object.keys(ioctls) as IoctlName[], line.name, 'name');
  const subject = name === 'CREATE_GUEST_MEM' ? fileOf(line) : vmOf(line);
  const vm = name === 'CREATE_GUEST_MEM' ? undefined : subject;
  return running(`${name} ${subject}`, vm, ioctls[name](line, subject));
}

function running(
  title: string,
  vm: string | undefined,
  operation: (host: LinuxHost) => Running<unknown>,
): HostCall {
  return { title, vm, begin: (host, ended) => host.run(operation(host), ended) };
}

const { KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE } = fallocateModes;
const allocations = {
  fallocate: KEEP_SIZE,
  zero_range: KEEP_SIZE | ZERO_RANGE,
  punch_hole: KEEP_SIZE | PUNCH_HOLE,
} as const;

/** Everything that a scenario can do to a guest memory file, by name. */
const fileOperationNames = [
  ...(Object.keys(fileOperations) as (keyof typeof fileOperations)[]),
  ...(Object.keys(allocations) as (keyof typeof allocations)[]),
  'release' as const,
];

function readFileOperation(line: Line): HostCall {
  const name = oneOf(fileOperationNames, line.do, 'do');
  const holder = optional(line, 'holder', text) ?? 'vmm';
  const file = fileOf(line);
  if (name === 'release') return running(`release ${file}`, undefined, (host) => host.releaseGuestMem(file));
  const offset = name === 'truncate' ? 0 : Number(u64(line.offset, 'offset'));
  const range = { offset, size: Number(u64(line.size, 'size')) };
  if (name in allocations) {
    const mode = optional(line, 'mode', natural) ?? allocations[name as keyof typeof allocations];
    return running(`${name} ${file}`, undefined, (host) => host.fallocate(file, mode, range));
  }
  return {
    title: `${name} ${file}`,
    vm: undefined,
    begin: (host, ended) =>
      host.changeFile(file, fileOperations[name as keyof typeof fileOperations], holder, range, ended),
  };
}

function vmOf(line: Line): string {
  return text(line.vm, 'vm');
}

function fileOf(line: Line): string {
  return text(line.file, 'file');
}

function readRegion(line: Line) {
  return {
    label: u32(line.label, 'label'),
    flags: flags(regionFlags, line.flags),
    guestPhysAddr: u64(line.guest_phys_addr, 'guest_phys_addr'),
    memorySize: u64(line.memory_size, 'memory_size'),
    userspaceAddr: u64(line.userspace_addr, 'userspace_addr'),
  };
}

function readRange(line: Line) {
  return { start: u64(line.guest_phys_addr, 'guest_phys_addr'), size: u64(line.size, 'size') };
}

function readFunction(line: Line) {
  const type =
    typeof line.type === 'string'
      ? functionTypes[oneOf(functionNames, line.type, 'type')]
      : u32(line.type, 'type');
  return { type, argument: hex(line.arg, 'arg') };
}

const resumeActions = Object.keys(ResumeAction) as (keyof typeof ResumeAction)[];
const functionNames = Object.keys(functionTypes) as (keyof typeof functionTypes)[];

/** What VCPU_RUN came back with, as scenarios say it: members of the run page. */
export function exitKeys(exit: VcpuExit): Line {
  switch (exit.reason) {
    case 'MMIO':
      return {
        exit_reason: exit.reason,
        phys_addr: formatWord(exit.address),
        data: formatWord(exit.data),
        len: exit.length,
        is_write: exit.isWrite,
      };
    case 'PAGE_FAULT':
      return { exit_reason: exit.reason, phys_addr: formatWord(exit.address), attempt: exit.attempt };
    case 'STATUS':
      return { exit_reason: exit.reason, status: exit.status, exit_type: exit.exit?.type ?? null };
    default:
      return { exit_reason: exit.reason };
  }
}

function formatWord(word: bigint): string {
  return `0x${word.toString(16)}`;
}
