import type { CallEffect } from '../effect.js';

/** Waits for something that only others can bring about: a notification of RM, or another ioctl that gives a lock back. */
export interface WaitEffect {
  readonly kind: 'wait';
  /** Who waits, as in errors: `vm[128]`. */
  readonly path: string;
  /** For what, in the words of client.md: `status exited(9)`. */
  readonly awaited: string;
  /** Whether it is so now. Whoever runs the operation asks after each event. */
  readonly ready: () => boolean;
  /**
   * The operation can be told, by a HostError thrown into it, that it will never be so, and goes on without. Else
   * nothing can end the wait: the operation never returns.
   */
  readonly bounded: boolean;
}

/** A call of the hypervisor about memory that is paged in and out (v17, a15). */
export interface HypercallEffect {
  readonly kind: 'hypercall';
  readonly hypercall: Hypercall;
}

/** Capabilities are those that VM_GET_HYP_RESOURCES told; addresses and sizes are bytes. */
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

/** What the VM manager wants of the world. All are answered with bytes: none for waits and hypercalls. */
export type VmEffect = CallEffect | WaitEffect | HypercallEffect;

/** An operation of the VM manager: an ioctl or a close, as far as it needs the world. It throws HostError. */
export type Running<T> = Generator<VmEffect, T, Uint8Array>;
