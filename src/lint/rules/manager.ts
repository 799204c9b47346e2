import { type PanicPlace, type PanicReason, panicPlaces } from '../../rm/index.js';
import { type Rule, ruleName } from '../rule.js';

const SOURCE = 'the public resource manager of December 2023';

const entries = Object.entries(panicPlaces) as [PanicReason, PanicPlace][];

/** A rule for each place where the public manager dies, by the name of the place. */
export const managerRules: ReadonlyMap<PanicReason, Rule> = new Map(
  entries.map(([reason, { message, state, effect, instead }]) => [
    reason,
    {
      id: `rm23/${ruleName(reason)}`,
      level: 'fatal',
      peers: ['rm23'],
      why: `the public manager dies of ${message}: ${state} (${effect})`,
      source: SOURCE,
      instead,
      foundBy: 'traffic',
    },
  ]),
);
