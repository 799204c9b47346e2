import { HypervisorModel } from '../../hypervisor/index.js';
import { type Holdings, holdings, inspect } from '../../sim/index.js';
import type { SimTarget } from '../../target/index.js';
import type { Cause } from '../oracle/cause.js';
import type { Audit } from './teardown.js';

/**
 * Checks the state of a simulated manager against the rules that must always hold, except those that the public manager
 * is known to break. Once everything was given back, a careful manager must hold what a fresh one holds.
 */
export function simAudit(target: SimTarget): Audit {
  const { manager } = target;
  target.reset();
  const fresh = holdings(manager, modelOf(target));
  return (allGivenBack) => {
    for (const { rule, detail, mayBe } of inspect(manager, modelOf(target)))
      if (mayBe === undefined || manager.careful) return leak(rule, detail);
    return manager.careful && allGivenBack ? compared(fresh, holdings(manager, modelOf(target))) : undefined;
  };
}

function compared(fresh: Holdings, now: Holdings): Cause | undefined {
  for (const key of ['links', 'parcels', 'memory'] as const) {
    const [before, after] = [fresh, now].map((side) => side[key].join(', '));
    if (before !== after) return leak(`${key} not given back`, `${after} instead of ${before}`);
  }
  return undefined;
}

function leak(key: string, detail: string): Cause {
  return { kind: 'leak', key, text: `${key}: ${detail}` };
}

function modelOf({ manager }: SimTarget): HypervisorModel {
  const { hypervisor } = manager;
  if (hypervisor instanceof HypervisorModel) return hypervisor;
  throw new TypeError('an audit needs the hypervisor model');
}
