import { viewOf } from '../../base/bytes.js';
import { UsageError, WireError } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import type { Call, Infer, InferInput, Payload } from '../../schema/index.js';
import type { Calling } from '../effect.js';
import type { Errno } from '../errno.js';
import { HostError } from '../error.js';

/**
 * Makes one call and returns the payload of the OK reply.
 *
 * @throws WireError when the request does not fit its declaration; HostError when the call fails.
 */
export function* exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
  return yield { kind: 'call', message, payload: codecOf(message.request).toBytes(request) };
}

/**
 * Makes one call and returns the value of the OK reply. Unlike the recorded clients it checks the whole reply: EBADMSG if
 * it does not fit its declaration.
 *
 * @throws WireError when the request does not fit its declaration; HostError when the call fails.
 */
export function* call<Q extends Payload, P extends Payload>(
  message: Call<Q, P>,
  request: InferInput<Q>,
): Calling<Infer<P>> {
  const reply = yield* exchange(message, request);
  return decodeReply(message, reply, 'EBADMSG', request);
}

/** The value of an OK reply. @throws HostError with `errno` when the reply does not fit its declaration. */
export function decodeReply<P extends Payload>(
  message: Call<Payload, P>,
  reply: Uint8Array,
  errno: Errno,
  request?: unknown,
): Infer<P> {
  try {
    return codecOf(message.reply).decode(viewOf(reply), 0, reply.length, request);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new HostError(message.name, errno, 'reply', error);
  }
}

/** @throws UsageError (code `generation`) unless `name` is one of the generations `having` this call. */
export function checkGeneration(path: string, name: string, having: readonly string[]): void {
  if (!having.includes(name))
    throw new UsageError({ code: 'generation', path, expected: having.join(', '), actual: name });
}
