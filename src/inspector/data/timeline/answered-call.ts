import type { CaptureRecord } from '../../../capture/records/index.js';
import type { Values } from '../../../wire/index.js';
import type { MessageIndex } from '../message-index.js';

/** A request and its reply. */
export interface AnsweredCall {
  readonly id: number;
  /** The VM that sent the request. */
  readonly vmid: number;
  readonly error: number;
  readonly request: Values;
  readonly reply: Values;
}

/** The call that a reply completes. Undefined if its id is not one of `ids`, or if the request cannot be decoded. */
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
