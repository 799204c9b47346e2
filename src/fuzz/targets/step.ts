import type { Operation, Taken } from '../../machine/index.js';

/** Operations that sessions are made of. */
export const stepKinds = ['frame', 'load', 'vcpu_halt', 'receive_limit', 'drain'] as const;

/** What is put to a target, one at a time. A session is a list of them, from a fresh target. */
export type Step = Operation<(typeof stepKinds)[number]>;

/** How a target came to its end. */
export interface Ending {
  readonly kind: 'crash' | 'hang' | 'panic';
  /** What it said: the name of the panic place, the abort text, the signal. */
  readonly text: string;
}

/** What a target did with a step, until it was idle. */
export interface Response {
  /** Queue messages that VMs took, in order. */
  readonly out: readonly Taken[];
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly ended: Ending | undefined;
}
