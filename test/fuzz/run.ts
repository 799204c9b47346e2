import { Engine, type EngineOptions } from '../../src/fuzz/engine/engine.js';
import { platforms } from '../../src/rm/index.js';
import { type Response, SimTarget, type SimTargetOptions, type Step } from '../../src/target/index.js';

export const allSteps: ReadonlySet<Step['kind']> = new Set([
  'frame',
  'load',
  'vcpu_halt',
  'receive_limit',
  'drain',
]);

export function newEngine(options: Partial<EngineOptions> & { readonly seed: number }): Engine {
  return new Engine({ steps: allSteps, machine: platforms.native, ...options });
}

/** What a run tells of; returning true ends it. */
export interface Watcher {
  readonly began?: () => void;
  readonly took?: (step: Step, response: Response) => boolean | undefined;
}

/** Puts messages to a simulated manager until there were so many, or until told to stop. @returns how many there were. */
export function run(
  engine: Engine,
  messages: number,
  watcher: Watcher = {},
  options: SimTargetOptions = {},
): number {
  const target = new SimTarget(options);
  let count = 0;
  while (count < messages) {
    const step = engine.next();
    if (step === undefined) break;
    if (step === 'reset') {
      target.reset();
      watcher.began?.();
      continue;
    }
    if (step.kind === 'frame') count++;
    const response = target.put(step);
    engine.observe(step, response);
    if (response.ended !== undefined) {
      engine.ended(step, response.ended, engine.case);
      engine.endCase();
    }
    if (watcher.took?.(step, response) === true) break;
  }
  return count;
}
