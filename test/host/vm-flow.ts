import { VM_SET_BOOT_CONTEXT } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import { errnoNumbers, HostError } from '../../src/host/index.js';
import {
  type CreatedVm,
  findIoctl,
  functionArguments,
  functionTypes,
  type GunyahVm,
  UserProcess,
  type VmGenerationName,
} from '../../src/host/vm-manager/index.js';
import { StubMachine } from './stub-machine.js';

/** A line of linux/flows.ndjson. */
export interface FlowLine {
  readonly client: VmGenerationName;
  readonly scenario: string;
  readonly options: readonly string[];
  readonly events: readonly string[];
  readonly pages_still_pinned: number;
  readonly locked_vm: number;
}

/** What comes of a flow, in the form of its line. */
export type FlowOutcome = Pick<FlowLine, 'events' | 'pages_still_pinned' | 'locked_vm'>;

/** What is left at the end of a flow, and what the manager says about it. */
export interface FlowEnd {
  readonly outcome: FlowOutcome;
  /** Names of findings, and `endless_wait` when nothing wakes the process any more. */
  readonly findings: ReadonlySet<string>;
  readonly handlesLeft: number;
  readonly vmLeft: boolean;
}

const PAGE = 0x1000n;
/** The recorded process has 256 MiB for each label, at the same address as the machine. */
const AREA_SIZE_SHIFT = 28n;
/** Descriptor that the recorded vCPU function gave. */
const VCPU_DESCRIPTOR = 7;
/** What the recorded SET_FW_CONFIG named: all of region 3 (VM_SET_FIRMWARE_MEM of the flows). */
const FIRMWARE = { start: 0xa000_0000n, size: 0x2000n };

/** Runs the ioctls of a recorded flow against the stub manager, and tells what happened in the recording's words. */
export function replayFlow(line: FlowLine, mode: 'careful' | 'faithful' = 'faithful'): FlowEnd {
  return new Flow(line, mode).run();
}

class Flow {
  readonly #line: FlowLine;
  readonly #machine: StubMachine;
  readonly #stride: bigint;
  readonly #vcpus: number[] = [];
  readonly #areas = new Set<bigint>();
  #created: CreatedVm | undefined;

  constructor(line: FlowLine, mode: 'careful' | 'faithful') {
    this.#line = line;
    const { options, client } = line;
    const number = (name: string) => {
      const text = options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
      return text === undefined ? {} : { [name]: Number(text) >>> 0 };
    };
    const stub = {
      ...number('fail'),
      ...number('err'),
      ...number('nth'),
      noexit: options.includes('noexit'),
      noreset: options.includes('noreset'),
    };
    this.#stride = options.includes('scattered') ? 2n * PAGE : PAGE;
    this.#machine = new StubMachine({ generation: client, mode }, stub);
  }

  run(): FlowEnd {
    const findings = new Set<string>();
    try {
      for (const index of this.#line.events.keys()) this.#replay(index);
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== 'never_returns') throw error;
      this.#machine.log.push(`WAITS FOREVER for ${error.expected}`);
      findings.add('endless_wait');
    }
    for (const { hazard } of this.#created?.vm.reports ?? []) findings.add(hazard.name);
    const { log, process, rm } = this.#machine;
    const { pagesPinned, lockedVm } = process;
    const outcome = { events: log, pages_still_pinned: pagesPinned, locked_vm: lockedVm };
    return { outcome, findings, handlesLeft: rm.handles.size, vmLeft: rm.hasVm };
  }

  get #vm(): GunyahVm {
    if (this.#created === undefined) throw new Error('no VM in this flow');
    return this.#created.vm;
  }

  /** An event that the process caused; the others follow from those. */
  #replay(index: number): void {
    const event = this.#line.events[index] as string;
    if (event === 'close(vm fd)') {
      this.#machine.log.push(event);
      const { vm, descriptor } = this.#created as CreatedVm;
      // The recorded vCPU function kept no reference to its VM.
      for (const vcpu of this.#vcpus) this.#machine.run(vm.close(vcpu));
      this.#machine.run(vm.close(descriptor));
    } else if (/^(unknown )?ioctl/.test(event)) {
      const [asked = '', recorded = ''] = event.split(' -> ');
      const result = this.#ioctl(asked, recorded, this.#line.events[index - 1] ?? '');
      this.#machine.log.push(`${asked} -> ${result}`);
      if (result === 'error') this.#machine.log.push(`errno -${errnoNumbers.EINVAL}`);
    }
  }

  #ioctl(asked: string, recorded: string, before: string): string {
    try {
      return `${this.#ask(asked, recorded, before)}`;
    } catch (error) {
      if (!(error instanceof HostError) || error.code === 'never_returns') throw error;
      return asked === 'ioctl CREATE_VM' ? 'error' : `${-errnoNumbers[error.errno]}`;
    }
  }

  /** Makes the ioctl of a line. What the line does not say is as recorded, or told by its result. */
  #ask(asked: string, recorded: string, before: string): number | string {
    const [, name = ''] = asked.split(' ');
    const value = (word: string) => new RegExp(`${word} (0x[0-9a-f]+|\\d+)`).exec(asked)?.[1];
    const number = (word: string) => BigInt(value(word) ?? 0);
    switch (name) {
      case 'CREATE_VM':
        this.#created = this.#machine.manager.createVm(this.#machine.process, recorded === 'error' ? 1 : 0);
        return 'fd';
      case 'SET_USER_MEM_REGION':
      case 'LEND_USER_MEM':
        this.#region(name, asked, recorded, before);
        return 0;
      case 'SET_DTB_CONFIG':
        this.#vm.setDtbConfig({ start: number('gpa'), size: number('size') });
        return 0;
      case 'SET_FW_CONFIG':
        this.#vm.setFwConfig(
          value('gpa') === undefined ? FIRMWARE : { start: number('gpa'), size: number('size') },
        );
        return 0;
      case 'SET_BOOT_CONTEXT': {
        const register = Number(value('reg') ?? (number('set') << 8n) | number('index'));
        this.#machine.run(this.#vm.setBootContext(register, this.#registerValue(register)));
        return 0;
      }
      case 'ADD_FUNCTION':
        return this.#addFunction(value('type'), value('arg_size'));
      case 'REMOVE_FUNCTION':
        this.#vm.removeFunction({ type: functionTypes.vcpu, argument: vcpuArgument(1) });
        return 0;
      case 'START':
        this.#machine.run(this.#vm.start());
        return 0;
      default:
        return findIoctl(this.#line.client, 'vm', 'G', 0xff) ?? -errnoNumbers.ENOTTY;
    }
  }

  /**
   * A region has pages of its own. That the caller is another process, has no page at the address, or has half of the
   * pages only, is told by the result, if nothing else explains it.
   */
  #region(
    name: 'SET_USER_MEM_REGION' | 'LEND_USER_MEM',
    asked: string,
    recorded: string,
    before: string,
  ): void {
    const number = (word: string) => BigInt(new RegExp(`${word} (0x[0-9a-f]+|\\d+)`).exec(asked)?.[1] ?? 0);
    const [label, flags, gpa, size] = ['label', 'flags', 'gpa', 'size'].map(number) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const isTold = (errno: number) => recorded === `${-errno}` && !before.endsWith('-> error');
    const isFine = size > 0n && (size | gpa) % PAGE === 0n && gpa + size <= 2n ** 64n && flags < 8n;
    const address = label << AREA_SIZE_SHIFT;
    const pages = Number(size / PAGE);
    const there = isTold(errnoNumbers.EFAULT) ? pages / 2 : pages;
    if (!this.#areas.has(address) && there >= 1) {
      this.#areas.add(address);
      this.#machine.process.map({
        address,
        pages: Math.floor(there),
        physical: address,
        stride: this.#stride,
      });
    }
    const region = {
      label: Number(label),
      flags: Number(flags),
      guestPhysAddr: gpa,
      memorySize: size,
      userspaceAddr: isTold(errnoNumbers.EINVAL) && isFine ? address + 1n : address,
    };
    const caller = isTold(errnoNumbers.EPERM) ? new UserProcess('another') : this.#machine.process;
    this.#machine.run(
      name === 'LEND_USER_MEM'
        ? this.#vm.lendUserMem(region, caller)
        : this.#vm.setUserMemRegion(region, caller),
    );
  }

  #addFunction(type: string | undefined, size: string | undefined): number {
    const argument = size === undefined ? vcpuArgument(0) : new Uint8Array(Number(size));
    const added = this.#vm.addFunction({ type: Number(type ?? functionTypes.vcpu), argument });
    if (added === 0) return 0;
    this.#vcpus.push(added);
    return VCPU_DESCRIPTOR;
  }

  /** As the flow sends it, if it does. */
  #registerValue(register: number): bigint {
    const id = VM_SET_BOOT_CONTEXT.id.toString(16);
    for (const event of this.#line.events) {
      const [sent, hex = ''] = event.split(' ');
      const payload = parseHex(hex);
      if (sent !== id || payload === undefined) continue;
      const { reg_set, reg_index, value } = codecOf(VM_SET_BOOT_CONTEXT.request).decode(
        new DataView(payload.buffer, payload.byteOffset),
        0,
        payload.length,
      );
      if (((reg_set << 8) | reg_index) === register) return value;
    }
    return 0n;
  }
}

function vcpuArgument(id: number): Uint8Array {
  return codecOf(functionArguments.vcpu).toBytes({ id });
}
