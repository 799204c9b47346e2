import type { Call, Infer, InferInput, Payload, RmRules, UnknownCall } from '../../schema/index.js';
import { type RmError, VMID_HLOS } from '../codes.js';
import type { Context } from '../context.js';
import type { PanicReason } from '../panics.js';
import type { Vm } from '../vm.js';
import { isSecondary } from '../vm-table.js';

/** Something about the sender or RM's state that must hold before a request is answered. */
export interface Condition {
  /** What must hold, as tools print it. */
  readonly text: string;
  readonly error: keyof typeof RmError;
  holds(rm: Context, sender: Vm): boolean;
}

/** Something that holds but for the lives of a VM that resets have left in pieces: the public manager dies of it. */
export interface FatalCondition extends Pick<Condition, 'text' | 'holds'> {
  readonly panic: PanicReason;
}

/**
 * One check of a request. `sender`: the declared sender. `payload`: size, lists and limits as declared. `reserved`: the
 * reserved fields that are declared as checked are 0.
 */
export type Check = 'sender' | 'payload' | 'reserved' | Condition | FatalCondition;

/** An error whose reply carries other data than that of the row. */
export class ErrorWithData {
  constructor(
    readonly error: number,
    readonly data: object,
  ) {}
}

/** An error code (OK: a reply that is the error word alone), or the data of the reply. */
export type Answer<P = object> = number | P | ErrorWithData;

/** The part of a request whose lists are only checked when the handler asks for them. */
export interface Rest<Q> {
  /** Payload bytes behind the fixed part. */
  readonly size: number;
  /** @returns the whole request, or the error of a list that is not well-formed. */
  read(): Q | number;
}

/** A choice about a message that no public source confirms. */
export interface Assumption {
  readonly text: string;
  /** What would tell whether it is right. */
  readonly wouldTell: string;
}

/** Options of a row; `rules` are those that the message declares for RM23 unless given. */
interface RowOptions<C extends Call> {
  readonly rules?: RmRules;
  /** In the order in which they are made. */
  readonly checks?: readonly Check[];
  /** How the public manager dies of an empty payload, where `rules` say so. */
  readonly emptyPayload?: PanicReason;
  /** What no public source says of it. Rows of the public manager have no such choices. */
  readonly assumed?: readonly Assumption[];
  /** What error replies carry behind the error word. */
  readonly errorData?: C extends Call<infer _Q, infer _P, infer E> ? InferInput<E> : never;
}

/**
 * How the manager answers one message. The engine ({@link respondersOf}) makes the checks in their order, decodes the
 * request, calls `answer` and encodes the reply.
 */
export interface HandlerRow {
  readonly message: Call;
  readonly rules: RmRules;
  readonly checks: readonly Check[];
  readonly emptyPayload?: PanicReason | undefined;
  readonly errorData?: object | undefined;
  readonly assumed?: readonly Assumption[] | undefined;
  /** The layout is assumed, too: only the number of the message is public. */
  readonly layoutAssumed?: boolean | undefined;
  /** The `payload` check stops in front of the first list; `answer` has the lists checked through `rest`. */
  readonly listsLate: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: rows of all messages are in one list; `handler` has typed this one
  readonly answer: (rm: Context, sender: Vm, request: any, rest: Rest<any>) => Answer;
}

export const usualChecks: readonly Check[] = ['sender', 'payload', 'reserved'];

/** A row of the usual kind: the request is checked as a whole before it is answered. */
export function handler<C extends Call>(
  message: C,
  answer: (rm: Context, sender: Vm, request: Infer<C['request']>) => Answer<InferInput<C['reply']>>,
  options: RowOptions<C> = {},
): HandlerRow {
  const { rules = message.rm23 ?? {}, checks = usualChecks } = options;
  return { ...options, message, rules, checks, listsLate: false, answer };
}

/** A row whose answer looks at the fixed part of the request before its lists are checked. */
export function handlerOfHead<C extends Call>(
  message: C,
  answer: (
    rm: Context,
    sender: Vm,
    head: Infer<C['request']>,
    rest: Rest<Infer<C['request']>>,
  ) => Answer<InferInput<C['reply']>>,
  options: RowOptions<C> = {},
): HandlerRow {
  return { ...handler(message, answer as never, options), listsLate: true };
}

/** A message of which only the number is public, with layouts that are assumed. */
export function withLayouts<Q extends Payload, P extends Payload>(
  message: UnknownCall,
  request: Q,
  reply: P,
): Call<Q, P> {
  return { ...message, layout: 'known', request, reply, example: { request: {}, reply: {} } };
}

/** What the senders that messages declare stand for. */
const senders: Readonly<Record<string, Condition['holds']>> = {
  HLOS: (_rm, sender) => sender.vmid === VMID_HLOS,
  'secondary VM': (_rm, sender) => isSecondary(sender.vmid),
  'any VM, about itself': () => true,
};

/** The condition on the sender that the rules of a row declare; undefined: anyone may send it. */
export function senderCondition({ rules: { sender } }: HandlerRow): Condition | undefined {
  const holds = sender === undefined ? undefined : senders[sender];
  return holds && { text: `sender: ${sender}`, error: 'DENIED', holds };
}
