import type { CaptureRecord } from '../../../capture/records/index.js';
import type { Values } from '../../../wire/index.js';
import type { MessageIndex } from '../message-index.js';

/** A request and its reply. */
export interface AnsweredCall {
  readonly id: number;
  /** Who asked. */
  readonly vmid: number;
  readonly error: number;
  readonly request: Values;
  readonly reply: Values;
}

/** The call that a record ends, if it is the reply to a request with one of these ids that could be decoded. */
export function answeredCall(
  index: MessageIndex,
  record: CaptureRecord,
  ids: ReadonlySet<number>,
): AnsweredCall | undefined {
  const { id, error, request } = record;
  if (id === undefined || error === undefined || request === undefined || !ids.has(id)) return undefined;
  const values = index.payload(request - 1)?.payload;
  if (values === undefined) return undefined;
  return { id, vmid: record.to, error, request: values, reply: record.payload ?? {} };
}
