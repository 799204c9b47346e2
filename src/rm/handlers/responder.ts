import { UsageError } from '../../base/error.js';
import { type Codec, codecOf } from '../../codec/index.js';
import { StructType, type Values } from '../../wire/index.js';
import { RmError } from '../codes.js';
import type { Context } from '../context.js';
import { errorReply, type Payload, type Reply, replyWith } from '../payload.js';
import type { Vm } from '../vm.js';
import { HeadReader, RequestReader } from './request-reader.js';
import {
  type Answer,
  type Check,
  ErrorWithData,
  type HandlerRow,
  type Rest,
  senderCondition,
} from './row.js';

/** Answers one request: changes the manager's state, sends notifications, returns the reply. */
export type Responder = (rm: Context, sender: Vm, payload: Payload) => Reply;

/** The responders of rows by message id. A later row replaces an earlier one of the same message. */
export function respondersOf(rows: readonly HandlerRow[]): ReadonlyMap<number, Responder> {
  return new Map(rows.map((row) => [row.message.id, responderOf(row)]));
}

/** @returns the error of the reply; OK: go on. */
type Step = (rm: Context, sender: Vm, request: Values) => number;

const NO_REQUEST: Values = {};

function responderOf(row: HandlerRow): Responder {
  const { checks, answer } = row;
  const { request: type } = row.message;
  if (!(type instanceof StructType))
    throw new UsageError({ code: 'type', path: row.message.name, expected: 'struct', actual: type.kind });
  const at = checks.indexOf('payload');
  const before = allOf(checks.slice(0, at).flatMap((check) => stepsOf(row, check, type)));
  const after = allOf(checks.slice(at + 1).flatMap((check) => stepsOf(row, check, type)));
  const reader = new RequestReader(type, row.rules);
  const emptyError = emptyPayloadError(row);
  const head = row.listsLate ? new HeadReader(type, reader) : undefined;

  const decide: (rm: Context, sender: Vm, payload: Payload) => Answer = (rm, sender, payload) => {
    if (before !== undefined) {
      const error = before(rm, sender, NO_REQUEST);
      if (error !== RmError.OK) return error;
    }
    if (emptyError !== undefined && payload.start === payload.end) return emptyError(rm);
    const request = (head ?? reader).read(payload);
    if (typeof request === 'number') return request;
    if (after !== undefined) {
      const error = after(rm, sender, request);
      if (error !== RmError.OK) return error;
    }
    return answer(rm, sender, request, head === undefined ? NO_REST : head.rest(payload));
  };
  const replyOf = encoder(row);
  return (rm, sender, payload) => replyOf(decide(rm, sender, payload));
}

/** One step that takes several in order; undefined for none. */
function allOf(steps: readonly Step[]): Step | undefined {
  if (steps.length < 2) return steps[0];
  return (rm, sender, request) => {
    for (const step of steps) {
      const error = step(rm, sender, request);
      if (error !== RmError.OK) return error;
    }
    return RmError.OK;
  };
}

function encoder({ message, errorData }: HandlerRow): (answer: Answer) => Reply {
  const reply = codecOf(message.reply) as Codec;
  const error = message.errorReply && (codecOf(message.errorReply) as Codec);
  return (answer) => {
    if (answer instanceof ErrorWithData) return replyWith(error ?? reply, answer.data, answer.error);
    if (typeof answer === 'object') return replyWith(reply, answer, RmError.OK);
    if (answer === RmError.OK || error === undefined) return errorReply(answer);
    return replyWith(error, errorData ?? {}, answer);
  };
}

function stepsOf(row: HandlerRow, check: Check, { fields }: StructType): Step[] {
  if (check === 'payload') return [];
  if (check === 'reserved')
    return fields.flatMap(({ name, checkedZero }) => {
      const error = RmError[checkedZero as keyof typeof RmError];
      if (checkedZero === undefined) return [];
      // A reserved field is in the value only when it is not 0. V8 remembers no answers of `in` for values of many kinds.
      return [(_rm, _vm, request) => (request[name] === undefined ? RmError.OK : error)];
    });
  const condition = check === 'sender' ? senderCondition(row) : check;
  if (condition === undefined) return [];
  if ('panic' in condition) {
    const { panic } = condition;
    return [(rm, sender) => (condition.holds(rm, sender) ? RmError.OK : rm.panicOrError(panic))];
  }
  const error = RmError[condition.error];
  return [(rm, sender) => (condition.holds(rm, sender) ? RmError.OK : error)];
}

/** What an empty payload gets, where the rules name something else than they do for other sizes. */
function emptyPayloadError({
  message,
  rules,
  emptyPayload,
}: HandlerRow): ((rm: Context) => number) | undefined {
  const rule = rules.length?.emptyPayload;
  if (rule === undefined) return undefined;
  if (rule !== 'PANIC') return () => RmError[rule as keyof typeof RmError];
  if (emptyPayload === undefined)
    throw new UsageError({ code: 'row', path: message.name, expected: 'emptyPayload', actual: 'undefined' });
  return (rm) => rm.panicOrError(emptyPayload);
}

const NO_REST: Rest<unknown> = { size: 0, read: () => RmError.MSG_INVALID };
