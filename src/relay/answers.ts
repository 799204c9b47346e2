import { limits, protocol } from '../../schemas/index.js';
import { viewOf } from '../base/bytes.js';
import { type Line, lineReaders } from '../base/line-readers.js';
import { linePackets } from '../capture/ndjson/index.js';
import { headerReader } from '../rpc/index.js';
import { formatId, type Header, MessageType, messageChoice, messageNamed } from '../schema/index.js';

const { object, natural, text, optional, refuse } = lineReaders('rule');
const header = headerReader(protocol);
const REPLY_KEYS = ['error', 'payload', 'rest', 'raw'];

/** Requests that the relay answers itself: the manager does not see them. */
export interface AnswerRule {
  readonly match: { readonly from?: number; readonly message?: string };
  /** Keys of the reply as in NDJSON: `error`, `payload`, `rest`, `raw`. */
  readonly answer: Line;
  /** How many requests it answers at most. */
  readonly limit?: number;
}

/** Reads a rule. @throws WireError `rule`, or what is wrong with its reply. */
export function readAnswerRule(line: Line): AnswerRule {
  const { match: matched = {}, answer: given, limit, ...others } = line;
  for (const key of Object.keys(others)) refuse(key, 'answer, match, limit', key);
  const match = object(matched, 'match');
  for (const key of Object.keys(match))
    if (key !== 'from' && key !== 'message') refuse(`match.${key}`, 'from, message', key);
  const answer = object(given, 'answer');
  for (const key of Object.keys(answer))
    if (!REPLY_KEYS.includes(key)) refuse(`answer.${key}`, REPLY_KEYS.join(', '), key);
  const from = optional(match, 'from', natural);
  const name = optional(match, 'message', text);
  const declared = name === undefined ? undefined : messageNamed(protocol, name);
  if (name !== undefined && declared === undefined)
    refuse('match.message', 'the name of a message', name, messageChoice(protocol));
  const message = declared?.name;
  // What does not fit the message is said before the relay starts.
  replyFrames(answer, { seq: 0, msg_id: declared?.id ?? 0 }, 0);
  return {
    match: { ...(from === undefined ? {} : { from }), ...(message === undefined ? {} : { message }) },
    answer,
    ...(limit === undefined ? {} : { limit: natural(limit, 'limit') }),
  };
}

function replyFrames(
  answer: Line,
  { seq, msg_id }: Pick<Header, 'seq' | 'msg_id'>,
  to: number,
): readonly Uint8Array[] {
  const line = { type: 'reply', id: formatId(msg_id), seq, to, ...answer };
  return linePackets(protocol, line).map(({ bytes }) => bytes);
}

/** Applies answer rules in order: the first one that matches a request answers it. */
export class Answers {
  readonly #rules: { readonly rule: AnswerRule; left: number }[];
  /** By VM: the request that was answered and whose continuations the manager must not see either. */
  readonly #swallowed = new Map<number, Header>();

  constructor(rules: readonly AnswerRule[]) {
    this.#rules = rules.map((rule) => ({ rule, left: rule.limit ?? Number.POSITIVE_INFINITY }));
  }

  /** @returns the reply to a queue message that the manager must not get; none for a continuation; else undefined. */
  to(from: number, frame: Uint8Array): readonly Uint8Array[] | undefined {
    if (this.#rules.length === 0 || frame.length < limits.header) return undefined;
    const own = header.read(viewOf(frame), 0);
    if (own.type === MessageType.continuation) {
      const first = this.#swallowed.get(from);
      return first?.seq === own.seq && first.msg_id === own.msg_id ? [] : undefined;
    }
    this.#swallowed.delete(from);
    if (own.type !== MessageType.request) return undefined;
    const name = protocol.byId.get(own.msg_id)?.name;
    const found = this.#rules.find(
      ({ rule: { match }, left }) =>
        left > 0 && (match.from ?? from) === from && (match.message ?? name) === name,
    );
    if (found === undefined) return undefined;
    found.left--;
    if (own.fragments > 0) this.#swallowed.set(from, own);
    return replyFrames(found.rule.answer, own, from);
  }
}
