import { generations, type Hazard, hazardRule, hazards, qcomHazards, vmHazards } from '../../host/index.js';
import type { Level, Rule } from '../rule.js';

const levelOf: Readonly<Record<Hazard['effect'], Level>> = {
  crash: 'fatal',
  uninitialised_memory: 'corrupts',
  malformed_request: 'corrupts',
  leak: 'leaks',
  never_returns: 'hangs',
  wrong_request: 'suspicious',
  wrong_result: 'suspicious',
};

function rulesOf(table: Readonly<Record<string, Hazard>>, foundBy: Rule['foundBy']): [string, Rule][] {
  return Object.values(table).flatMap(({ name, clients, effect, doc, instead, isUnseen }) =>
    clients.map((client): [string, Rule] => {
      const id = hazardRule(client, { name });
      const known = Object.values(generations).find((generation) => generation.name === client);
      const source = `the code of ${known?.doc ?? client}`;
      const why = doc.replace(/\.$/, '');
      const found = isUnseen ? 'library' : foundBy;
      return [id, { id, level: levelOf[effect], peers: [client], why, source, instead, foundBy: found }];
    }),
  );
}

/** A rule for each client and each of its hazards, by id. */
export const clientRules: ReadonlyMap<string, Rule> = new Map([
  ...rulesOf(hazards, 'client'),
  ...rulesOf(qcomHazards, 'client'),
  ...rulesOf(vmHazards, 'library'),
]);

/** The same rules by hazard and client: to make an id takes longer than to look it up. */
const byHazard = new Map<Hazard, Map<string, Rule | undefined>>();

/** The rule for a hazard of a client. @param clients those that it hits; the rule is that of the first. */
export function ruleOfHazard(hazard: Hazard, [client = '']: readonly string[]): Rule | undefined {
  let byClient = byHazard.get(hazard);
  if (byClient === undefined) {
    byClient = new Map();
    byHazard.set(hazard, byClient);
  }
  if (!byClient.has(client)) byClient.set(client, clientRules.get(hazardRule(client, hazard)));
  return byClient.get(client);
}
