import { resourceType, vmStatus } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { attempt } from '../attempt.js';
import type { Errno } from '../errno.js';
import type { HostError } from '../error.js';
import { refuser } from '../refusal.js';
import type { VmContext } from './context.js';
import type { Running } from './effects.js';
import { Lock } from './lock.js';
import type { ExitInfo } from './notifications.js';

const { RUNNING, INIT_FAILED, EXITED } = vmStatus.values;
const { VCPU } = resourceType.values;

/** States that vcpu_run reports (vcpu-and-paging.md, section 1). The public hypervisor has no PAGE_FAULT. */
export const VcpuState = {
  READY: 0,
  EXPECTS_WAKEUP: 1,
  POWERED_OFF: 2,
  BLOCKED: 3,
  VMMIO_READ: 4,
  VMMIO_WRITE: 5,
  FAULT: 6,
  PAGE_FAULT: 7,
  PSCI_SYSTEM_RESET: 0x100,
} as const;

/** What the process says about an access that it was told of: the members `resume_action` of the run page. */
export const ResumeAction = { HANDLED: 0, FAULT: 1, RETRY: 2 } as const;

/** Second word with which vcpu_run resumes. */
const Resume = { EMULATE: 0n, RETRY: 1n, FAULT: 2n } as const;

/** Why VCPU_RUN came back. */
export type VcpuExit =
  | { readonly reason: 'UNKNOWN' }
  | {
      readonly reason: 'MMIO';
      readonly address: bigint;
      /** The value written. */
      readonly data: bigint;
      /** Bytes, 0..8. */
      readonly length: number;
      readonly isWrite: boolean;
    }
  | {
      readonly reason: 'STATUS';
      readonly status: 'LOAD_FAILED' | 'EXITED' | 'CRASHED';
      readonly exit: ExitInfo | undefined;
    }
  | {
      readonly reason: 'PAGE_FAULT';
      readonly address: bigint;
      /** Why the kernel could not provide the page. */
      readonly attempt: Errno;
    };

/** The page that the process shares with the kernel (include/uapi/linux/gunyah.h). */
export interface RunPage {
  /** Set by the process: VCPU_RUN ends with EINTR. */
  immediateExit: boolean;
  exit: VcpuExit;
  /** Value for an MMIO read, set by the process. */
  data: bigint;
  /** {@link ResumeAction} for an MMIO exit, set by the process. */
  resumeAction: number;
}

const WORD = 8;
const MMIO_LENGTH_MAX = 8;
const PLAIN: readonly [bigint, bigint, bigint] = [0n, Resume.EMULATE, 0n];

/** A VM as its vCPUs need it. */
interface VcpuVm extends Pick<VmContext, 'path' | 'status' | 'rules' | 'functions' | 'resources' | 'setup'> {
  readonly exit: ExitInfo | undefined;
  /** Provides a page that the guest lacks, or says why not. */
  readonly provide: (address: bigint, isWrite: boolean) => Running<void>;
  /** Waits for a START in progress. */
  readonly started: () => Running<void>;
}

/** One vCPU file: VCPU_RUN, in the order of checks of vcpu-and-paging.md, section 1. */
export class Vcpu {
  readonly page: RunPage = { immediateExit: false, exit: { reason: 'UNKNOWN' }, data: 0n, resumeAction: 0 };
  readonly id: number;
  readonly #vm: VcpuVm;
  readonly #lock: Lock;
  #hasRun = false;
  #isDown = false;
  #pending: Extract<VcpuExit, { readonly reason: 'MMIO' }> | undefined;
  /** The pager is told of the last MMIO exit's access, not of the present one. */
  #lastWasWrite = false;
  #wakeUps = 0;

  constructor(id: number, vm: VcpuVm) {
    this.id = id;
    this.#vm = vm;
    this.#lock = new Lock('run lock', () => `${vm.path}.vcpu[${id}]`);
  }

  /** The vCPU's wake-up interrupt, or the VM changes its state. */
  wake(): void {
    this.#wakeUps++;
  }

  /** Its function is removed: a VCPU_RUN that is under way ends with EINTR. */
  remove(): void {
    this.page.immediateExit = true;
  }

  /**
   * VCPU_RUN. Why it came back is in {@link page}.
   *
   * @param isOwnProcess whether the process that created the VM calls (a15).
   * @throws HostError: ENODEV without the function or its resource, EPERM for another process (a15), EINVAL for a resume
   * action that does not exist, EINTR, and the errno of the hypercall.
   */
  run(isOwnProcess = true): Running<void> {
    this.#checkFunction();
    return this.#lock.with(() => this.#run(isOwnProcess));
  }

  *#run(isOwnProcess: boolean): Running<void> {
    const { rules } = this.#vm;
    const vcpu = this.#vm.resources.of({ type: VCPU, label: this.id });
    if (vcpu === undefined) throw this.#refuse('ENODEV', 'a vCPU resource', 'none');
    if (!this.#hasRun) {
      yield* this.#vm.started();
      if (this.#vm.status !== RUNNING) {
        this.#exitWithStatus();
        return;
      }
    }
    let resume = yield* this.#resumeWords();
    if (this.#isDown) return;
    if (rules.runsForCreatorOnly && !isOwnProcess)
      throw this.#refuse('EPERM', 'the creator', 'another process');
    this.#hasRun = true;
    for (;;) {
      if (this.page.immediateExit) throw this.#refuse('EINTR', 'no immediate exit', 'immediate exit');
      const [state, ...words] = yield* vcpuRun(vcpu.cap_id, resume);
      resume = PLAIN;
      const next = yield* this.#handle(Number(state), words);
      if (next === undefined) return;
      resume = next;
    }
  }

  /** How the guest goes on after the last exit. */
  *#resumeWords(): Running<readonly [bigint, bigint, bigint]> {
    const mmio = this.#pending;
    if (mmio === undefined) return PLAIN;
    const { resumeAction, data } = this.page;
    const { resumeActions } = this.#vm.rules;
    if (resumeActions === 'none' || resumeAction === ResumeAction.HANDLED) {
      this.#pending = undefined;
      return [mmio.isWrite ? 0n : BigInt.asUintN(mmio.length * 8, data), Resume.EMULATE, 0n];
    }
    if (resumeAction === ResumeAction.FAULT) {
      this.#pending = undefined;
      return [0n, Resume.FAULT, 0n];
    }
    if (resumeAction !== ResumeAction.RETRY || resumeActions !== 'all')
      throw this.#refuse('EINVAL', 'a resume action', resumeAction);
    yield* attempt(this.#vm.provide(mmio.address, mmio.isWrite));
    this.#pending = undefined;
    return [0n, Resume.RETRY, 0n];
  }

  /** @returns how the vCPU goes on; undefined: VCPU_RUN returns. */
  *#handle(
    state: number,
    [first = 0n, second = 0n, third = 0n]: readonly bigint[],
  ): Running<readonly [bigint, bigint, bigint] | undefined> {
    switch (state) {
      case VcpuState.POWERED_OFF:
      case VcpuState.EXPECTS_WAKEUP:
      case VcpuState.BLOCKED:
        return yield* this.#sleep(state);
      case VcpuState.PAGE_FAULT: {
        if (this.#vm.rules.memory === 'regions') return PLAIN;
        const failure = yield* attempt(this.#vm.provide(first, second !== 0n));
        if (failure === undefined || failure.errno === 'EAGAIN') return PLAIN;
        this.page.exit = { reason: 'PAGE_FAULT', address: first, attempt: failure.errno };
        return undefined;
      }
      case VcpuState.VMMIO_READ:
      case VcpuState.VMMIO_WRITE:
        return yield* this.#access(
          first,
          Number(second),
          state === VcpuState.VMMIO_WRITE ? third : undefined,
        );
      default:
        // The kernel warns and runs the vCPU again.
        return PLAIN;
    }
  }

  /** An access that the guest's memory does not answer. @param value what was written; undefined: a read. */
  *#access(
    address: bigint,
    size: number,
    value: bigint | undefined,
  ): Running<readonly [bigint, bigint, bigint] | undefined> {
    if (this.#vm.rules.memory !== 'regions') {
      const failure = yield* attempt(this.#vm.provide(address, this.#lastWasWrite));
      if (failure === undefined || failure.errno === 'EAGAIN') return [0n, Resume.RETRY, 0n];
    }
    const length = Math.min(size, MMIO_LENGTH_MAX);
    const isWrite = value !== undefined;
    if (isWrite && this.#vm.functions.answersWrite(address, length, value)) return PLAIN;
    this.#pending = { reason: 'MMIO', address, data: value ?? 0n, length, isWrite };
    this.#lastWasWrite = isWrite;
    this.page.exit = this.#pending;
    this.page.resumeAction = ResumeAction.HANDLED;
    return undefined;
  }

  /** The guest has nothing to do. A VM that has stopped ends VCPU_RUN, before the wait or after it. */
  *#sleep(state: number): Running<readonly [bigint, bigint, bigint] | undefined> {
    const vm = this.#vm;
    const isOver = () => vm.status !== RUNNING;
    if (state !== VcpuState.POWERED_OFF || !isOver()) {
      const ready = () => this.#wakeUps > 0 || isOver() || this.page.immediateExit;
      const path = `${vm.path}.vcpu[${this.id}]`;
      yield { kind: 'wait', path, awaited: 'wake-up interrupt', ready, bounded: false };
      this.#wakeUps = Math.max(0, this.#wakeUps - 1);
    }
    if (!isOver()) return PLAIN;
    this.#isDown = true;
    this.#exitWithStatus();
    return undefined;
  }

  #exitWithStatus(): void {
    const { status, exit } = this.#vm;
    const name = status === INIT_FAILED ? 'LOAD_FAILED' : status === EXITED ? 'EXITED' : 'CRASHED';
    this.page.exit = { reason: 'STATUS', status: name, exit: status === EXITED ? exit : undefined };
  }

  #checkFunction(): void {
    if (this.#vm.functions.vcpu(this.id) === undefined)
      throw this.#refuse('ENODEV', 'the function', 'removed');
  }

  #refuse(errno: Errno, expected: string, actual: string | number): HostError {
    return refuser('VCPU_RUN', `${this.#vm.path}.vcpu[${this.id}]`)(errno, 'vcpu', expected, actual);
  }
}

function* vcpuRun(vcpu: bigint, resume: readonly [bigint, bigint, bigint]): Running<[bigint, ...bigint[]]> {
  const answer = yield { kind: 'hypercall', hypercall: { name: 'vcpu_run', vcpu, resume } };
  const view = viewOf(answer);
  return [0, 1, 2, 3].map((index) => view.getBigUint64(index * WORD, true)) as [bigint, ...bigint[]];
}
