import type { GenerationName } from '../../generations.js';
import { configurationCalls } from './configuration.js';
import { MainlineKernel, type MainlineOptions } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { memoryCalls } from './memory.js';

export type { MainlineOptions, PlatformHooks } from './kernel.js';
export type { ParcelRequest } from './memory.js';

/**
 * The calls of the mainline driver as one generation of it makes them, for one kernel: what a kernel remembers is
 * remembered as long as the returned value. Each returns a {@link Calling}, which somebody has to run.
 *
 * All of them throw HostError: EINVAL and the like before anything is sent (`endedBy` local), RM's error as errno
 * (`rm`), EBADMSG and what the transport makes of a reply (`reply`); UsageError for a call that the generation lacks,
 * WireError for values that do not fit their fields. Nobody has to free anything: replies are values.
 */
export function mainlineCalls(generation: GenerationName, options: MainlineOptions = {}) {
  const kernel = new MainlineKernel(generation, options);
  return { ...lifecycleCalls(kernel), ...configurationCalls(kernel), ...memoryCalls(kernel) };
}

export type MainlineCalls = ReturnType<typeof mainlineCalls>;
