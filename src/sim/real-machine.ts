import { VM_EXIT, VM_GET_HYP_RESOURCES } from '../../schemas/index.js';
import { type Machine, VcpuState, type VmPort } from '../machine/index.js';
import { type Attempt, frameWords, type RecordedStep } from './recording.js';

/** First data word of a vCPU that was powered off because its VM has ended. */
const VM_ENDED = 1n;
/** Reason of an `end` after which the machine did nothing more. */
const MACHINE_STOPPED = /^the whole system stopped/;

/**
 * A step as the machine took it. Where a recording has both a halt of a vCPU and what running that vCPU returned, the
 * halt gets the returned state (recording deep_069: the driver made the VM reset with a cookie of its own).
 */
export function asTaken(step: RecordedStep, next: RecordedStep): RecordedStep {
  const isHalt = step.kind === 'vcpu_halt' && next.kind === 'vcpu_run_result' && step.vmid === next.vmid;
  return isHalt ? { ...step, state: next.state, data: next.data } : step;
}

/** Whether the result of running a vCPU says that its VM has just faulted. Recordings have no other line for that. */
export function faulted(machine: Machine<VmPort>, vmid: number, state: number): boolean {
  return machine.executes(vmid) && state === VcpuState.FAULT;
}

/**
 * Whether a message that the recording calls impossible was sent after all. A VM takes no reply to its VM_EXIT, so it
 * looked to the recorder as if it had not been executing. Its vCPU is powered off because the VM has ended: that shows
 * that it did send the VM_EXIT.
 */
export function wasSent(machine: Machine<VmPort>, { from, frame, state, data }: Attempt): boolean {
  if (!machine.executes(from) || state !== VcpuState.POWERED_OFF || data !== VM_ENDED) return false;
  return frameWords(frame).id === VM_EXIT.id;
}

/** Whether a recording ends because the whole machine stopped. */
export function machineStopped(why: string): boolean {
  return MACHINE_STOPPED.test(why);
}

/**
 * VMs that a VM_GET_HYP_RESOURCES request of the driver may name. The driver sends it before it runs a VM, and
 * recordings have lost the VMID (it reads 0). The request changes nothing in RM, so the replay tries each VM until the
 * reply is the recorded one.
 */
export function lostTargets(machine: Machine<VmPort>, step: RecordedStep): readonly number[] {
  if (!step.driver || step.kind !== 'frame') return [];
  const { id, words } = frameWords(step.frame);
  if (id !== VM_GET_HYP_RESOURCES.id || words[0] !== 0) return [];
  return machine.manager.vms().map(({ vmid }) => vmid);
}
