import type { Rule } from '../rule.js';

const PROTOCOL = 'the layouts of the Linux clients and of the public manager';
const TRANSPORT = 'the RPC layer of the Linux clients and of the public manager';

function rule(name: string, why: string, instead: string, source = PROTOCOL): Rule {
  return {
    id: `wire/${name}`,
    level: 'suspicious',
    peers: ['rm23'],
    why,
    source,
    instead,
    foundBy: 'traffic',
  };
}

/** Rules for what decoding reports, by the code of the issue or the kind of the record. */
export const wireRules = {
  truncated: rule('truncated', 'a message ends before its fields do', 'send all declared fields'),
  trailing: rule('trailing', 'bytes follow the declared fields', 'send the declared fields only'),
  max: rule('max', 'a list is longer than the manager takes', 'send the rest with MEM_APPEND'),
  invalid: rule(
    'invalid',
    'a field or a size has a value that the layout does not allow',
    'send declared values, in queue messages of 240 bytes at most',
  ),
  malformed: rule(
    'malformed',
    'a queue message has no valid header: the receiver drops it',
    'begin with the byte 0x21, send 8 bytes or more and at most 62 continuations',
    TRANSPORT,
  ),
  continuation: rule(
    'stray-continuation',
    'a continuation that no message in progress takes: the receiver drops it',
    'send the parts of a message one after the other, all with its number and id',
    TRANSPORT,
  ),
  incomplete: rule(
    'incomplete',
    'the continuations of a message never came: the receiver drops it',
    'send all parts that the header announces before the next message',
    TRANSPORT,
  ),
  duplicate: rule(
    'duplicate',
    'a request with the number and id of one that still waits: its sender cannot tell the replies apart',
    'wait for the reply, or take another number',
    TRANSPORT,
  ),
} as const satisfies Readonly<Record<string, Rule>>;

export type WireRuleName = keyof typeof wireRules;

/** The rule for an issue of decoding. Codes without a rule of their own are values that the layout does not allow. */
export function ruleOfIssue(code: string): Rule | undefined {
  // What the capture lacks says nothing about its peers.
  if (code === 'cut' || code === 'lost' || code === 'given_up') return undefined;
  return Object.hasOwn(wireRules, code) ? wireRules[code as WireRuleName] : wireRules.invalid;
}
