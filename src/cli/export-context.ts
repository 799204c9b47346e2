import type { ExportContext } from '../export/context.js';
import { emptyPayloadRules, ruleOfCode } from '../lint/index.js';
import type { Protocol } from '../schema/index.js';
import { errnoTables, sourceGroups } from './protocol-facts.js';

/** What exports are made from. */
export function exportContext(protocol: Protocol): ExportContext {
  const hazards = {
    emptyPayload: emptyPayloadRules(),
    ruleOfCode: (code: string) => ruleOfCode(code)?.id,
  };
  return { protocol, errno: errnoTables, groups: sourceGroups, hazards };
}
