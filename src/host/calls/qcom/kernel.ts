import { UsageError, WireError } from '../../../base/error.js';
import { codecOf } from '../../../codec/index.js';
import type { Call, Infer, InferInput, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import type { Errno } from '../../errno.js';
import { HostError } from '../../error.js';
import type { Hazard, HazardListener } from '../../hazard.js';

import { type QcomGeneration, qcomGenerations } from './generations.js';

export interface QcomOptions {
  /**
   * `careful` (the default) ends a call with the hazard where the real client goes wrong without dying of it;
   * `faithful` does what the real client does and reports it. Where that one dies, the call ends either way.
   */
  readonly mode?: 'careful' | 'faithful';
  /** Told of hazards that end no call. */
  readonly report?: HazardListener;
}

/** What was wrong, without the offset: most of these checks are of a whole argument or reply. */
interface Fault {
  readonly code: string;
  readonly path?: string;
  readonly expected: number | string;
  readonly actual: number | bigint | string;
}

/** What the call functions of one kernel share. */
export class QcomKernel {
  readonly generation: QcomGeneration;
  readonly careful: boolean;
  readonly report: HazardListener;
  /** VMID of this VM once it is known, for the life of the kernel. */
  vmid: number | undefined;
  /** Whether the firmware is old, once that has been asked, for the life of the kernel. */
  legacyFirmware: boolean | undefined;

  constructor(
    name: QcomGeneration['name'],
    { mode = 'careful', report = () => undefined }: QcomOptions = {},
  ) {
    this.generation = qcomGenerations[name];
    this.careful = mode === 'careful';
    this.report = report;
  }

  /**
   * Sends a request as given, well-formed or not, and returns the payload of the OK reply.
   *
   * @throws UsageError (code `generation`) when this generation has no such call; HostError when the call fails.
   */
  *send(message: Call, payload: Uint8Array): Calling<Uint8Array> {
    this.checkGeneration(message.name, message.sources);
    return yield { kind: 'call', message, payload };
  }

  /** @throws UsageError (code `generation`) unless the generation is one of those that have this. */
  checkGeneration(path: string, having: readonly string[]): void {
    const { name } = this.generation;
    if (having.includes(name)) return;
    throw new UsageError({ code: 'generation', path, expected: having.join(', '), actual: name });
  }

  /** As {@link send}, for a value. @throws WireError when it does not fit the declaration. */
  *exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
    return yield* this.send(message, codecOf(message.request).toBytes(request));
  }

  /** Makes a call whose reply must fit its declaration to the byte, else `errno` (client.md, section 4). */
  *call<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
    errno: Errno = 'EINVAL',
  ): Calling<Infer<P>> {
    return decodeReply(message, yield* this.exchange(message, request), errno, request);
  }

  /**
   * As {@link call}, for a text whose length field wraps: `request` holds as much of it as that field tells, `tail` the
   * rest, which the clients send all the same.
   */
  *callLong<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
    tail: Uint8Array,
    errno: Errno = 'EINVAL',
  ): Calling<Infer<P>> {
    const payload = append(codecOf(message.request).toBytes(request), tail);
    return decodeReply(message, yield* this.send(message, payload), errno, request);
  }

  /**
   * The real client has this hazard now and lives on.
   *
   * @throws HostError in careful mode; else it is reported.
   */
  fault(call: string, errno: Errno, endedBy: 'local' | 'reply', fault: Fault, hazard: Hazard): void {
    if (this.careful) fail(call, errno, endedBy, fault, hazard);
    this.report(hazard);
  }
}

/** @throws HostError, always. */
export function fail(
  call: string,
  errno: Errno,
  endedBy: 'local' | 'reply',
  { code, path = '', expected, actual }: Fault,
  hazard?: Hazard,
): never {
  throw new HostError(call, errno, endedBy, { code, path, offset: 0, expected, actual }, hazard);
}

/** The call is not made: EINVAL. @throws HostError, always. */
export function refuse(
  call: string,
  path: string,
  expected: string,
  actual: number | bigint | string,
): never {
  return fail(call, 'EINVAL', 'local', { code: 'refused', path, expected, actual });
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

/** RM has answered, and this came of it: the call was sent, and somebody waited for its reply. */
export function isAnswer(error: unknown): error is HostError {
  return error instanceof HostError && error.endedBy !== 'local' && error.hazard === undefined;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function append(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

/** A text as a length field of `bits` bits tells it, and what is left of it. */
export function wrapLength(text: Uint8Array, bits: 8 | 16): { head: Uint8Array; tail: Uint8Array } {
  const size = text.length % 2 ** bits;
  return { head: text.subarray(0, size), tail: text.subarray(size) };
}
