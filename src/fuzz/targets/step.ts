import type { VcpuHalt } from '../../sim/index.js';

/**
 * One step of a session: a step of a recording (vectors/README.md), with the contents of files in it. A session is a list
 * of steps that begins with a fresh target.
 */
export type Step =
  | { readonly kind: 'frame'; readonly from: number; readonly frame: Uint8Array }
  /** Writes bytes into physical memory. */
  | { readonly kind: 'load'; readonly address: number; readonly bytes: Uint8Array }
  | ({ readonly kind: 'vcpu_halt' } & VcpuHalt)
  /** From now on the VM takes only this many more messages from its queue. */
  | { readonly kind: 'receive_limit'; readonly vmid: number; readonly count: number }
  /** All VMs take all their messages again. */
  | { readonly kind: 'drain' };

/** How a target ended. */
export interface Ending {
  readonly kind: 'crash' | 'hang' | 'panic';
  /** Name of the panic, text of the abort, name of the signal. */
  readonly text: string;
}

/** What a target did with a step, until it was idle. */
export interface Response {
  /** Queue messages that VMs received, in order. */
  readonly out: readonly { readonly to: number; readonly frame: Uint8Array }[];
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly ended: Ending | undefined;
}
