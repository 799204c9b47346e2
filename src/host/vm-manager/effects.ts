import type { MemoryHypercall } from '../../hypervisor/index.js';
import type { CallEffect } from '../effect.js';

/** Waits for something that others do: RM sends a notification, or another ioctl releases a lock. */
export interface WaitEffect {
  readonly kind: 'wait';
  /** The VM, as in errors: `vm[128]`. */
  readonly path: string;
  /** What it waits for, in the words of client.md: `status exited(9)`. */
  readonly awaited: string;
  /** Whether the wait is over. Checked after each event. */
  readonly ready: () => boolean;
  /**
   * A HostError that is thrown into the operation ends the wait. If false, nothing ends it and the operation may never
   * return.
   */
  readonly bounded: boolean;
}

/** A hypercall of the host. */
export interface HypercallEffect {
  readonly kind: 'hypercall';
  readonly hypercall: Hypercall;
}

/** Runs a vCPU until it exits to the host. */
export interface VcpuRunCall {
  readonly name: 'vcpu_run';
  /** Capability of the vCPU. */
  readonly vcpu: bigint;
  /** How the guest goes on after an access that the host has handled (vcpu-and-paging.md, section 1). */
  readonly resume: readonly [bigint, bigint, bigint];
}

/** Capabilities are those that VM_GET_HYP_RESOURCES lists. */
export type Hypercall = MemoryHypercall | VcpuRunCall;

/**
 * What an operation asks for. A call is answered with the payload of its reply, vcpu_run with four u64 (the vCPU's state
 * and three words), the others with no bytes.
 */
export type VmEffect = CallEffect | WaitEffect | HypercallEffect;

/** An operation of the VM manager: an ioctl or a close. It yields effects and throws HostError. */
export type Running<T> = Generator<VmEffect, T, Uint8Array>;
