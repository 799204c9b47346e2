import { VcpuState } from '../../host/vm-manager/index.js';
import { Access } from '../../hypervisor/index.js';
import { VmState } from '../../rm/index.js';
import type { World } from '../world.js';

/** Something that a guest does on its boot vCPU. */
export type GuestStep =
  | {
      readonly does: 'read' | 'write' | 'fetch';
      readonly address: bigint;
      /** Bytes, 1..8. */
      readonly size: number;
      /** Written; ignored otherwise. */
      readonly value: bigint;
    }
  | { readonly does: 'wait' | 'power_off' | 'reset' };

/** What became of an access. */
export interface AccessOutcome {
  readonly address: bigint;
  /** The guest got an external abort instead of an answer. */
  readonly aborted: boolean;
  /** What was read or written. */
  readonly value: bigint;
}

const needed = { read: Access.R, write: Access.W, fetch: Access.X } as const;
const Resume = { EMULATE: 0n, RETRY: 1n } as const;
/** Second word of EXPECTS_WAKEUP for WFI, and first word of POWERED_OFF for a VM that has ended. */
const CAUSE_WFI = 1n;
const ENDED = 1n;
const POWER_OFF_STATE = 2;
const SYSTEM_RESET = 1n << 63n;

type Answer = readonly [state: number, ...words: bigint[]];

/**
 * The boot vCPU of a VM: what vcpu_run reports while the guest does its steps. An access outside of the VM's memory is
 * a page fault where the host gives memory on demand, and at a fetch. Elsewhere it is an MMIO access. That is assumed
 * (vcpu-and-paging.md, section 4, "Protected donation"). A VM that is not paged gets an abort, as on the public
 * hypervisor, and so does an access that the rights do not allow.
 */
export class GuestVcpu {
  /** What became of each access that ended, oldest first. */
  readonly outcomes: AccessOutcome[] = [];
  readonly #world: World;
  readonly #vmid: number;
  readonly #steps: GuestStep[] = [];
  /** The step waits for the host's answer to an MMIO access. */
  #asksHost = false;

  constructor(world: World, vmid: number) {
    this.#world = world;
    this.#vmid = vmid;
  }

  /** The guest will do these after what it does now. */
  add(steps: readonly GuestStep[]): void {
    this.#steps.push(...steps);
  }

  /** vcpu_run. @param resume what the host says about the last MMIO access. */
  run([data, action]: readonly [bigint, bigint, bigint]): Answer {
    const vm = this.#world.manager.vm(this.#vmid);
    if (vm?.state === VmState.PAUSED) return [VcpuState.BLOCKED, 0n, 0n];
    if (vm?.state !== VmState.RUNNING) return [VcpuState.POWERED_OFF, ENDED, 0n];
    if (this.#asksHost) {
      this.#asksHost = false;
      if (action !== Resume.RETRY) this.#end(action !== Resume.EMULATE, data);
    }
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      const exit = 'address' in step ? this.#access(step) : this.#instruction(step);
      if (exit !== undefined) return exit;
    }
    return [VcpuState.EXPECTS_WAKEUP, 0n, CAUSE_WFI];
  }

  #instruction({ does }: Exclude<GuestStep, { readonly address: bigint }>): Answer {
    this.#steps.shift();
    if (does === 'wait') return [VcpuState.EXPECTS_WAKEUP, 0n, CAUSE_WFI];
    const isReset = does === 'reset';
    const state = isReset ? VcpuState.PSCI_SYSTEM_RESET : POWER_OFF_STATE;
    const data = [isReset ? SYSTEM_RESET : 0n, 0n] as const;
    this.#world.perform({ kind: 'vcpu_halt', vmid: this.#vmid, state, data });
    return isReset ? [state, SYSTEM_RESET, 0n] : [VcpuState.POWERED_OFF, ENDED, 0n];
  }

  /** @returns why the host is asked; undefined: the access has ended. */
  #access({
    does,
    address,
    size,
    value,
  }: Extract<GuestStep, { readonly address: bigint }>): Answer | undefined {
    const { hypervisor } = this.#world.manager;
    const found = hypervisor.memory.translate(this.#vmid, Number(address), needed[does]);
    if ('phys' in found) {
      this.#end(
        false,
        does === 'write' ? this.#write(found.phys, size, value) : this.#read(found.phys, size),
      );
      return undefined;
    }
    const paging = this.#world.manager.vm(this.#vmid)?.config?.paging;
    if (paging?.capabilities === undefined || found.reason !== 'unmapped') {
      this.#end(true, value);
      return undefined;
    }
    const at = Number(address);
    const isPaged = paging.ranges.some(({ start, size: length }) => start <= at && at < start + length);
    if (isPaged || does === 'fetch') return [VcpuState.PAGE_FAULT, address, does === 'write' ? 1n : 0n];
    this.#asksHost = true;
    return does === 'write'
      ? [VcpuState.VMMIO_WRITE, address, BigInt(size), value]
      : [VcpuState.VMMIO_READ, address, BigInt(size), 0n];
  }

  #end(aborted: boolean, value: bigint): void {
    const step = this.#steps.shift();
    if (step !== undefined && 'address' in step)
      this.outcomes.push({ address: step.address, aborted, value });
  }

  #read(phys: number, size: number): bigint {
    const bytes = new Uint8Array(8);
    this.#world.manager.hypervisor.readMemory(phys, bytes.subarray(0, size));
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  #write(phys: number, size: number, value: bigint): bigint {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.#world.manager.hypervisor.writeMemory(phys, bytes.subarray(0, size));
    return value;
  }
}
