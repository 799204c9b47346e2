import type { GenerationName } from '../../generations.js';
import { configurationCalls } from './configuration.js';
import { MainlineKernel, type MainlineOptions } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { memoryCalls } from './memory.js';

export type { MainlineOptions, PlatformHooks } from './kernel.js';
export type { ParcelRequest } from './memory.js';

/**
 * The calls of the mainline driver of one generation in one kernel. The returned object keeps what a kernel remembers.
 * Each call returns a {@link Calling}, which the caller has to run.
 *
 * @throws HostError, all calls: before anything is sent (`endedBy` local), for RM's error reply (`rm`), or for a reply
 * that the driver or the transport rejects (`reply`); UsageError for a call that the generation lacks; WireError for
 * values that do not fit their fields.
 */
export function mainlineCalls(generation: GenerationName, options: MainlineOptions = {}) {
  const kernel = new MainlineKernel(generation, options);
  return {
    ...lifecycleCalls(kernel),
    ...configurationCalls(kernel),
    ...memoryCalls(kernel),
    /** Forgets what the kernel remembers, as when it boots. */
    forget: () => kernel.forget(),
  };
}

export type MainlineCalls = ReturnType<typeof mainlineCalls>;
