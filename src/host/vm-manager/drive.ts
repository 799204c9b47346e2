import type { CallEffect } from '../effect.js';
import { HostError } from '../error.js';
import type { HypercallEffect, Running, VmEffect, WaitEffect } from './effects.js';
import { vmHazards } from './hazards.js';

const NOTHING = new Uint8Array();

/** Where operations of the VM manager run at once, as far as they get. */
export interface VmWorld {
  /** Payload of the OK reply. Throws HostError when the call ends otherwise. */
  call(effect: CallEffect): Uint8Array;
  /** Lets the world go on until the wait is over; false when it never will be. */
  wait(effect: WaitEffect): boolean;
  /** Throws HostError when the hypervisor refuses. */
  hypercall(effect: HypercallEffect): void;
}

/** As {@link VmWorld}, where things take time. */
export interface VmWorldAsync {
  call(effect: CallEffect): Promise<Uint8Array>;
  /** Resolves to false when a deadline of the caller's has passed. */
  wait(effect: WaitEffect): Promise<boolean>;
  hypercall(effect: HypercallEffect): Promise<void>;
  /** An operation has gone on, or ended: what another one waits for may be so now. */
  stepped(): void;
}

/**
 * Runs an operation to its end.
 *
 * @throws HostError that the operation ends with, or `never_returns` for a wait that nothing can end.
 */
export function runOperationNow<T>(operation: Running<T>, world: VmWorld): T {
  let step = operation.next(NOTHING);
  while (!step.done) {
    const effect = step.value;
    let answer: Uint8Array = NOTHING;
    try {
      if (effect.kind === 'call') answer = world.call(effect);
      else if (effect.kind === 'hypercall') world.hypercall(effect);
      else if (!effect.ready() && !world.wait(effect)) throw waitEnded(effect);
    } catch (error) {
      step = failWith(operation, effect, error);
      continue;
    }
    step = operation.next(answer);
  }
  return step.value;
}

/** As {@link runOperationNow}, in a world where things take time. */
export async function runOperation<T>(operation: Running<T>, world: VmWorldAsync): Promise<T> {
  try {
    let step = operation.next(NOTHING);
    while (!step.done) {
      const effect = step.value;
      step = await answerOf(effect, world).then(
        (answer) => operation.next(answer),
        (error) => failWith(operation, effect, error),
      );
      world.stepped();
    }
    return step.value;
  } finally {
    world.stepped();
  }
}

async function answerOf(effect: VmEffect, world: VmWorldAsync): Promise<Uint8Array> {
  if (effect.kind === 'call') return world.call(effect);
  if (effect.kind === 'hypercall') await world.hypercall(effect);
  else if (!effect.ready() && !(await world.wait(effect))) throw waitEnded(effect);
  return NOTHING;
}

/** What a wait ends with that will never be over; for worlds that resume operations themselves. */
export function waitEnded({ path, awaited, bounded }: WaitEffect): HostError {
  const issue = { code: 'never_returns', path, offset: 0, expected: awaited, actual: 'nothing more happens' };
  return new HostError('wait', 'EIO', 'reply', issue, bounded ? undefined : vmHazards.endless_wait);
}

/** Tells an operation that what it wanted has failed. Whom nothing can wake is not told: it stays where it is. */
export function failWith<T>(
  operation: Running<T>,
  effect: VmEffect,
  error: unknown,
): IteratorResult<VmEffect, T> {
  if (!(error instanceof HostError) || (effect.kind === 'wait' && !effect.bounded)) throw error;
  return operation.throw(error);
}
