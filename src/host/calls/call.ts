import { WireError } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import type { Call, Infer, InferInput, Payload } from '../../schema/index.js';
import type { Calling } from '../effect.js';
import { HostError } from '../error.js';

/**
 * Makes one call and returns the payload of the OK reply as RM sent it.
 *
 * @throws WireError when the request does not fit its declaration; HostError when the call ends otherwise.
 */
export function* exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
  return yield { kind: 'call', message, payload: codecOf(message.request).toBytes(request) };
}

/**
 * Makes one call and returns the value of the OK reply. Stricter than the recorded clients: a payload that does not fit
 * the declaration of the reply is EBADMSG.
 *
 * @throws WireError when the request does not fit its declaration; HostError when the call ends otherwise.
 */
export function* call<Q extends Payload, P extends Payload>(
  message: Call<Q, P>,
  request: InferInput<Q>,
): Calling<Infer<P>> {
  const reply = yield* exchange(message, request);
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  try {
    return codecOf(message.reply).decode(view, 0, reply.length, request);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new HostError(message.name, 'EBADMSG', 'reply', error);
  }
}
