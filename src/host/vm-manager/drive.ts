import type { CallEffect } from '../effect.js';
import { HostError } from '../error.js';
import type { HypercallEffect, Running, VmEffect, WaitEffect } from './effects.js';
import { vmHazards } from './hazards.js';

const NOTHING = new Uint8Array();

/** The world in which operations of the VM manager run synchronously. */
export interface VmWorld {
  /** @returns payload of the OK reply. @throws HostError when the call fails. */
  call(effect: CallEffect): Uint8Array;
  /** Runs the world until the wait is over. @returns false when it will never be over. */
  wait(effect: WaitEffect): boolean;
  /** @returns what it is answered with. @throws HostError when the hypervisor refuses. */
  hypercall(effect: HypercallEffect): Uint8Array;
}

/** As {@link VmWorld}, asynchronously. */
export interface VmWorldAsync {
  call(effect: CallEffect): Promise<Uint8Array>;
  /** Resolves to false when the caller's deadline has passed. */
  wait(effect: WaitEffect): Promise<boolean>;
  hypercall(effect: HypercallEffect): Promise<Uint8Array>;
  /** Called when an operation has advanced or ended. What another one waits for may have happened. */
  stepped(): void;
}

/**
 * Runs an operation to its end.
 *
 * @throws HostError of the operation, or with code `never_returns` for a wait that nothing can end.
 */
export function runOperationNow<T>(operation: Running<T>, world: VmWorld): T {
  let step = operation.next(NOTHING);
  while (!step.done) {
    const effect = step.value;
    let answer: Uint8Array = NOTHING;
    try {
      if (effect.kind === 'call') answer = world.call(effect);
      else if (effect.kind === 'hypercall') answer = world.hypercall(effect);
      else if (!effect.ready() && !world.wait(effect)) throw waitEnded(effect);
    } catch (error) {
      step = failWith(operation, effect, error);
      continue;
    }
    step = operation.next(answer);
  }
  return step.value;
}

/** As {@link runOperationNow}, asynchronously. */
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
  if (effect.kind === 'hypercall') return world.hypercall(effect);
  if (!effect.ready() && !(await world.wait(effect))) throw waitEnded(effect);
  return NOTHING;
}

/** The error of a wait that will never be over. For worlds that resume operations themselves. */
export function waitEnded({ path, awaited, bounded }: WaitEffect): HostError {
  const fault = { code: 'never_returns', path, expected: awaited, actual: 'nothing more happens' };
  return new HostError('wait', 'EIO', 'reply', fault, bounded ? undefined : vmHazards.endless_wait);
}

/** Throws the error of an effect into its operation. A wait that nothing can end stays suspended: its error is thrown here. */
export function failWith<T>(
  operation: Running<T>,
  effect: VmEffect,
  error: unknown,
): IteratorResult<VmEffect, T> {
  if (!(error instanceof HostError) || (effect.kind === 'wait' && !effect.bounded)) throw error;
  return operation.throw(error);
}
