import { protocol } from '../../../schemas/index.js';
import { defined } from '../../base/defined.js';
import { messageChoice, messageNamed, messageTypeNames } from '../../schema/index.js';
import { type FaultRule, faultKinds } from '../faults.js';
import { checkKeys, type Line, natural, object, oneOf, optional, refuse, text } from './read.js';

const RULE_KEYS = ['kind', 'match', 'ns', 'size', 'limit'];
const MATCH_KEYS = ['from', 'to', 'type', 'message', 'probability'];

/** Reads a fault rule. Throws WireError `scenario`. */
export function readRule(line: Line): FaultRule {
  checkKeys(line, RULE_KEYS, 'rule');
  const match = optional(line, 'match', object) ?? {};
  checkKeys(match, MATCH_KEYS, 'rule.match');
  const kind = oneOf(faultKinds, line.kind, 'kind');
  const type = optional(match, 'type', (value, path) => oneOf(messageTypeNames, value, path));
  const given = optional(match, 'message', text);
  const message = given === undefined ? undefined : messageNamed(protocol, given)?.name;
  if (given !== undefined && message === undefined)
    refuse('message', 'the name of a message', given, messageChoice(protocol));
  const { probability } = match;
  if (probability !== undefined && !(typeof probability === 'number' && probability >= 0 && probability <= 1))
    refuse('probability', '0..1', probability);
  return {
    kind,
    ...defined({
      ns: optional(line, 'ns', natural),
      size: optional(line, 'size', natural),
      limit: optional(line, 'limit', natural),
    }),
    match: defined({
      from: optional(match, 'from', natural),
      to: optional(match, 'to', natural),
      type,
      message,
      probability: probability as number | undefined,
    }),
  };
}
