import { constants, VM_EXIT, VM_GET_HYP_RESOURCES } from '../../schemas/index.js';
import { type ResourceManager, VmState } from '../rm/index.js';
import { type Attempt, frameWords, type RecordedStep } from './recording.js';

/** Run states of a vCPU as a machine reports them (VCPU_RUN). */
const RunState = { READY: 1, POWERED_OFF: 2, BLOCKED: 4, FAULT: 6 } as const;
/** First data word of a vCPU that was powered off because its VM has ended. */
const VM_ENDED = 1n;
/** Reason of an `end` behind which the machine did nothing more. */
const MACHINE_STOPPED = /^the whole system stopped/;

/**
 * Steps as the machine took them: what a vCPU halted with is what running it returned, where a recording tells
 * both (deep_069: the driver made the VM reset with a cookie of its own).
 */
export function* asTaken(steps: Iterable<RecordedStep>): Generator<RecordedStep> {
  let held: RecordedStep | undefined;
  for (const step of steps) {
    if (held?.kind === 'vcpu_halt' && step.kind === 'vcpu_run_result' && held.vmid === step.vmid)
      yield { ...held, state: step.state, data: step.data };
    else if (held !== undefined) yield held;
    held = step;
  }
  if (held !== undefined) yield held;
}

/** Whether a machine can bring about a halt: only what executes halts, and some run states are none. */
export function canHalt(manager: ResourceManager, vmid: number, state: number): boolean {
  return executes(manager, vmid) && state !== RunState.READY && state !== RunState.BLOCKED;
}

/** Whether the result of running a vCPU says that its VM has just faulted: nothing else tells of it. */
export function faulted(manager: ResourceManager, vmid: number, state: number): boolean {
  return executes(manager, vmid) && state === RunState.FAULT;
}

/**
 * Whether a message that is left out as impossible was sent all the same: a VM that takes no reply to its VM_EXIT
 * looks as if it had not been executing, but its vCPU is found powered off at the end of a VM that ran until then.
 */
export function wasSent(manager: ResourceManager, { from, frame, state, data }: Attempt): boolean {
  if (!executes(manager, from) || state !== RunState.POWERED_OFF || data !== VM_ENDED) return false;
  return frameWords(frame).id === VM_EXIT.id;
}

export function executes(manager: ResourceManager, vmid: number): boolean {
  return manager.vm(vmid)?.state === VmState.RUNNING;
}

/**
 * Whether the driver's writing to a range of physical memory takes effect. It does in memory that the primary VM
 * has given away (config_lent_to_other, lifecycle_second_boot), but not once a VM that it was given to has run:
 * booting such a VM again from the same parcel finds the tree that the first VM_START left there, so VM_START
 * fails (deep_019, deep_109).
 *
 * @param sent VMs that have sent something since the boot, which are known to have run.
 */
export function isLoadable(
  manager: ResourceManager,
  sent: Iterable<number>,
  address: number,
  size: number,
): boolean {
  const end = address + size;
  for (const vmid of sent)
    for (const { owner, regions } of manager.parcels.namedFor(vmid))
      if (owner === constants.VMID_HLOS && vmid !== owner)
        if (regions.some(({ phys, size }) => phys < end && address < phys + size)) return false;
  return true;
}

/** Whether a recording ends because the whole machine stopped. */
export function machineStopped(why: string): boolean {
  return MACHINE_STOPPED.test(why);
}

/**
 * VMs that a request may be about. The driver asks for a VM's resources before it runs it, and recordings of that
 * have lost the VMID (it reads 0); asking changes nothing, so the replay finds out whom the recorded answer is about.
 */
export function lostTargets(manager: ResourceManager, step: RecordedStep): readonly number[] {
  if (!step.driver || step.kind !== 'frame') return [];
  const { id, words } = frameWords(step.frame);
  if (id !== VM_GET_HYP_RESOURCES.id || words[0] !== 0) return [];
  return manager.vms().map(({ vmid }) => vmid);
}
