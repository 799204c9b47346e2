import type { Operation, Taken } from '../machine/index.js';

/** Kinds of operations that a session can hold. */
export const stepKinds = ['frame', 'load', 'vcpu_halt', 'receive_limit', 'drain'] as const;

/** One step of a session. A session is a list of steps that begins with a fresh target. */
export type Step = Operation<(typeof stepKinds)[number]>;

/** How a target ended. */
export interface Ending {
  readonly kind: 'crash' | 'hang' | 'panic';
  /** Name of the panic, text of the abort, name of the signal. */
  readonly text: string;
}

/** What a target did with a step, until it was idle. */
export interface Response {
  /** Queue messages that VMs received, in order. */
  readonly out: readonly Taken[];
  /** The queue did not take the message. */
  readonly refused: boolean;
  readonly ended: Ending | undefined;
  /** Numbers of the edges of the target's code that it reached, where it says so. */
  readonly edges?: readonly number[];
  /** What it has compared, where it says so: each constant, and behind it the other value, -1 where that is not known. */
  readonly comparisons?: readonly number[];
  /** The target cannot do such a step, and has done nothing. */
  readonly unsupported?: true;
}
