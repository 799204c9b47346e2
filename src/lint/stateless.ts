import { protocol } from '../../schemas/index.js';
import { type GenerationName, generations } from '../host/index.js';
import { managers } from '../rm/index.js';
import { MessageType } from '../schema/index.js';
import { Readers } from './readers.js';
import type { Rule } from './rule.js';
import { managerRules, ruleOfHazard, ruleOfIssue, wireRules } from './rules/index.js';

/** A rule that one message shows by itself, whatever came before: it has no payload. */
export interface EmptyPayloadRule {
  /** Of the header. */
  readonly type: number;
  readonly id: number;
  readonly rule: Rule;
}

/** What kills the public manager or hurts clients when it comes without a payload, asked of their models. */
export function emptyPayloadRules(): readonly EmptyPayloadRule[] {
  const requests = managers.rm23.rows.flatMap(({ message: { id }, emptyPayload }) => {
    const rule = emptyPayload && managerRules.get(emptyPayload);
    return rule === undefined ? [] : [{ type: MessageType.request, id, rule }];
  });
  const names = Object.keys(generations) as GenerationName[];
  const readers = new Readers(names);
  const notifications: EmptyPayloadRule[] = [];
  for (const { id, kind } of protocol.messages) {
    if (kind !== 'notification') continue;
    const peers = new Map<string, { rule: Rule; names: string[] }>();
    // Empty ones hurt clients that have any VM.
    readers.ofNotification(names, id, new Uint8Array(0), new Set([0]), (hazard, clients) => {
      const rule = ruleOfHazard(hazard, clients);
      if (rule === undefined) return;
      const known = peers.get(hazard.name);
      if (known === undefined) peers.set(hazard.name, { rule, names: [...clients] });
      else known.names.push(...clients);
    });
    for (const { rule, names } of peers.values())
      notifications.push({ type: MessageType.notification, id, rule: { ...rule, peers: names } });
  }
  return [...requests, ...notifications];
}

/** The rules for what a decoder finds wrong, by its codes. */
export function ruleOfCode(code: string): Rule | undefined {
  switch (code) {
    case 'short':
    case 'api':
    case 'fragments':
      return wireRules.malformed;
    case 'continuation':
    case 'incomplete':
    case 'duplicate':
      return wireRules[code];
    case 'unknown':
    case 'error':
      return undefined;
    default:
      return ruleOfIssue(code);
  }
}
