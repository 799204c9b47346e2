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

/** A hypercall that gives memory to a VM or takes it back (v17, a15). */
export interface HypercallEffect {
  readonly kind: 'hypercall';
  readonly hypercall: Hypercall;
}

/** Capabilities are those that VM_GET_HYP_RESOURCES lists. Addresses and sizes are bytes. */
export type Hypercall =
  | {
      readonly name: 'memextent_donate';
      readonly options: number;
      readonly from: bigint;
      readonly to: bigint;
      readonly address: bigint;
      readonly size: bigint;
    }
  | {
      readonly name: 'addrspace_map' | 'addrspace_unmap';
      readonly addrspace: bigint;
      readonly extent: bigint;
      readonly guestAddress: bigint;
      readonly flags: number;
      readonly address: bigint;
      readonly size: bigint;
    };

/** What an operation asks for. A call is answered with the payload of its reply, the others with no bytes. */
export type VmEffect = CallEffect | WaitEffect | HypercallEffect;

/** An operation of the VM manager: an ioctl or a close. It yields effects and throws HostError. */
export type Running<T> = Generator<VmEffect, T, Uint8Array>;
