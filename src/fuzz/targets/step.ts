import type { VcpuHalt } from '../../sim/index.js';

/**
 * What is put to a target, one at a time: the steps of recordings (vectors/README.md) with file contents inline. A
 * session is a list of them, from a fresh target.
 */
export type Step =
  | { readonly kind: 'frame'; readonly from: number; readonly frame: Uint8Array }
  /** Bytes into physical memory. */
  | { readonly kind: 'load'; readonly address: number; readonly bytes: Uint8Array }
  | ({ readonly kind: 'vcpu_halt' } & VcpuHalt)
  /** From now on the VM takes only so many more messages off its queue. */
  | { readonly kind: 'receive_limit'; readonly vmid: number; readonly count: number }
  /** All VMs take everything again. */
  | { readonly kind: 'drain' };

/** How a target came to its end. */
export interface Ending {
  readonly kind: 'crash' | 'hang' | 'panic';
  /** What it said: the name of the panic place, the abort text, the signal. */
  readonly text: string;
}

/** What a target did with a step, until it was idle. */
export interface Response {
  /** Queue messages that VMs took, in order. */
  readonly out: readonly { readonly to: number; readonly frame: Uint8Array }[];
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly ended: Ending | undefined;
}
