import { type Choice, UsageError } from '../base/error.js';
import { nearest } from '../base/nearest.js';
import {
  formatId,
  idsOf,
  type Message,
  messageChoice,
  messageWithId,
  type Protocol,
} from '../schema/index.js';
import type { StructType } from '../wire/index.js';
import type { Description, NamesFacts, StructFacts } from './facts.js';
import { rowFacts, sizeFacts } from './layout-facts.js';
import { describeMessage, type ManagerAnswers } from './message-facts.js';
import { type ErrnoTables, errorFacts, type NamedType, typeFacts, typesIn } from './type-facts.js';
import { wordFacts, wordsOf } from './word-facts.js';

/** The name by which `describe` knows the RPC header. The declaration has none. */
const headerName = 'header';

/**
 * Describes one thing of the protocol: a message by name, alias or id (hex, with or without 0x, or decimal), an enum,
 * flag set or struct by name, the error codes (`error`) or the RPC header (`header`). What none of these is called may be
 * the name of a value, a flag, an error or a field, the number of an error, or an errno (`EPERM`, `-1`). Letter case
 * matters only between names that differ in nothing else, such as the enum `vm_status` and the message `VM_STATUS`.
 *
 * @param managers how simulated managers answer messages, the recorded one first. Without it descriptions do not
 * contain this.
 * @throws UsageError for an unknown name. It lists the most similar names.
 */
export function describe(
  protocol: Protocol,
  name: string,
  tables: ErrnoTables,
  managers?: ManagerAnswers,
): Description {
  const ofMessage = (message: Message) => describeMessage(protocol, message, managers);
  const described = describable(protocol, tables, ofMessage);
  const exact = described.get(name);
  const alike = [...described.keys()].filter((key) => key.toLowerCase() === name.toLowerCase());
  const withId = messageWithId(protocol, name);
  const found = exact ?? (withId && (() => ofMessage(withId))) ?? described.get(alike[0] ?? '');
  const description = found?.() ?? wordFacts(protocol, name, tables);
  if (description === undefined) return refuse(protocol, name, [...described.keys()]);
  const others = alike.filter((key) => described.get(key) !== found && key !== description.name);
  return others.length === 0 ? description : { ...description, see_also: others };
}

/** A function that describes, by each name. Messages come first. */
function describable(
  protocol: Protocol,
  tables: ErrnoTables,
  ofMessage: (message: Message) => Description,
): Map<string, () => Description> {
  const all = new Map<string, () => Description>();
  for (const message of protocol.messages) {
    const description = () => ofMessage(message);
    for (const name of [message.name, ...(message.aliases ?? [])]) all.set(name, description);
  }
  for (const type of [...protocol.enums, ...protocol.flags, ...protocol.structs]) {
    if (type !== protocol.error) all.set(type.label, () => withTypes(protocol, type as NamedType));
  }
  all.set(protocol.error.label, () => errorFacts(protocol, tables));
  all.set(headerName, () => headerFacts(protocol));
  return all;
}

/** The facts of a type. Those of a struct include the types of its fields. */
function withTypes(protocol: Protocol, type: NamedType): Description {
  const facts = typeFacts(protocol, type);
  return facts.kind === 'struct' ? { ...facts, types: innerTypes(protocol, type as StructType) } : facts;
}

function innerTypes(protocol: Protocol, type: StructType): (NamesFacts | StructFacts)[] {
  return typesIn(type.fields.map((field) => field.type)).map((inner) => typeFacts(protocol, inner));
}

function headerFacts(protocol: Protocol): StructFacts {
  const header = protocol.header as StructType<unknown> as StructType;
  const { size, size_min } = sizeFacts(header);
  const types = innerTypes(protocol, header);
  return { kind: 'struct', name: headerName, size, size_min, rows: rowFacts(header), used_by: [], types };
}

function refuse(protocol: Protocol, name: string, names: readonly string[]): never {
  const id = idsOf(name).at(-1);
  const likely = id === undefined ? nearest(name, names) : nearestIds(protocol, id);
  const expected = likely.length === 0 ? 'a name or id that `describe` alone lists' : likely.join(' or ');
  throw new UsageError({ code: 'unknown', path: '', expected, actual: name, choice: choiceOf() });

  function choiceOf(): Choice {
    if (id !== undefined) return { what: 'message with the id', names: likely };
    if (nearest(name, protocol.byName.keys()).length > 0) return messageChoice(protocol);
    return { what: 'name', names: likely.length > 0 ? likely : wordsOf(protocol) };
  }
}

/** The three messages whose ids are nearest to an unknown id. */
function nearestIds({ messages }: Protocol, id: number): string[] {
  const byDistance = [...messages].sort((a, b) => Math.abs(a.id - id) - Math.abs(b.id - id));
  return byDistance.slice(0, 3).map((message) => `${formatId(message.id)} (${message.name})`);
}
