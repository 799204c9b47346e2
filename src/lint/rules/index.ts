import type { Rule } from '../rule.js';
import { clientRules } from './clients.js';
import { lifeRules } from './life.js';
import { managerRules } from './manager.js';
import { wireRules } from './wire.js';

export { ruleOfHazard } from './clients.js';
export { lifeRules } from './life.js';
export { managerRules } from './manager.js';
export { ruleOfIssue, type WireRuleName, wireRules } from './wire.js';

/** What the manager's model finds. */
export const modelRules: readonly Rule[] = [...managerRules.values(), ...Object.values(lifeRules)];

/** All rules, in the order in which they are listed. */
export const rules: readonly Rule[] = [
  ...managerRules.values(),
  ...clientRules.values(),
  ...Object.values(lifeRules),
  ...Object.values(wireRules),
];

export const rulesById: ReadonlyMap<string, Rule> = new Map(rules.map((rule) => [rule.id, rule]));

/** Managers and clients that rules are about. */
export const peerNames: readonly string[] = [...new Set(rules.flatMap(({ peers }) => peers))];
