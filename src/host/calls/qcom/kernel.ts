import type { VM_START } from '../../../../schemas/index.js';
import { concatenated } from '../../../base/bytes.js';
import { codecOf } from '../../../codec/index.js';
import type { Call, Infer, InferInput, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import type { Errno } from '../../errno.js';
import { type Fault, HostError } from '../../error.js';
import type { Hazard, HazardListener } from '../../hazard.js';
import { checkGeneration, decodeReply } from '../call.js';
import { type QcomGeneration, qcomGenerations } from './generations.js';
import { qcomHazards } from './hazards.js';

export interface QcomOptions {
  /**
   * What happens at a hazard that does not crash the real client: `careful` (default) ends the call with it, `faithful`
   * does what the real client does and reports it. A hazard that crashes the client ends the call in both modes.
   */
  readonly mode?: 'careful' | 'faithful';
  /** Called for hazards that end no call. */
  readonly report?: HazardListener;
}

type VmidMessage = Call<(typeof VM_START)['request']>;

export class QcomKernel {
  readonly generation: QcomGeneration;
  readonly careful: boolean;
  readonly report: HazardListener;
  /** VMID of this VM, once it was asked for. */
  vmid: number | undefined;
  /** Whether the firmware is old, once that was asked for. */
  legacyFirmware: boolean | undefined;

  constructor(
    name: QcomGeneration['name'],
    { mode = 'careful', report = () => undefined }: QcomOptions = {},
  ) {
    this.generation = qcomGenerations[name];
    this.careful = mode === 'careful';
    this.report = report;
  }

  forget(): void {
    this.vmid = undefined;
    this.legacyFirmware = undefined;
  }

  /**
   * Sends a request as given, even if malformed, and returns the payload of the OK reply.
   *
   * @throws UsageError (code `generation`) when this generation has no such call; HostError when the call fails.
   */
  *send(message: Call, payload: Uint8Array): Calling<Uint8Array> {
    checkGeneration(message.name, this.generation.name, message.sources);
    return yield { kind: 'call', message, payload };
  }

  /** As {@link send}, for a value. @throws WireError when it does not fit the declaration. */
  *exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
    return yield* this.send(message, codecOf(message.request).toBytes(request));
  }

  /**
   * As {@link exchange}, for a client that looks at the payload of an error reply, of which it has none (hazard
   * `error_reply_pointer`).
   */
  *exchangePeeking<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
    try {
      return yield* this.exchange(message, request);
    } catch (error) {
      if (!(error instanceof HostError) || error.endedBy !== 'rm') throw error;
      const hazard = qcomHazards.error_reply_pointer;
      if (this.careful) throw new HostError(error.call, error.errno, 'rm', error, hazard);
      this.report(hazard);
      throw error;
    }
  }

  /** Makes a call. `errno` is the error for a reply that does not fit its declaration (client.md, section 4). */
  *call<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
    errno: Errno = 'EINVAL',
  ): Calling<Infer<P>> {
    return decodeReply(message, yield* this.exchange(message, request), errno, request);
  }

  /**
   * As {@link call}, for a text whose length field wraps. `request` has as much of the text as that field says, and `tail`
   * the rest, which the clients send too.
   */
  *callLong<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
    tail: Uint8Array,
    errno: Errno = 'EINVAL',
  ): Calling<Infer<P>> {
    const payload = concatenated([codecOf(message.request).toBytes(request), tail]);
    return decodeReply(message, yield* this.send(message, payload), errno, request);
  }

  /** A call whose reply has no payload. */
  statusCall<Q extends Payload>(message: Call<Q>): (request: InferInput<Q>) => Calling<void> {
    const kernel = this;
    return function* (request) {
      yield* kernel.call(message, request);
    };
  }

  /** A call whose request is a VMID, and whose reply has no payload. */
  vmidCall(message: VmidMessage): (vmid: number) => Calling<void> {
    const send = this.statusCall(message);
    return (vmid) => send({ vmid });
  }

  /**
   * Reports a hazard that does not crash the real client.
   *
   * @throws HostError (EINVAL) in careful mode.
   */
  fault(call: string, endedBy: 'local' | 'reply', fault: Fault, hazard: Hazard): void {
    if (this.careful) fail(call, 'EINVAL', endedBy, fault, hazard);
    this.report(hazard);
  }
}

/** @throws HostError, always. */
export function fail(
  call: string,
  errno: Errno,
  endedBy: 'local' | 'reply',
  fault: Fault,
  hazard?: Hazard,
): never {
  throw new HostError(call, errno, endedBy, fault, hazard);
}

/** Refuses to make a call. @throws HostError (EINVAL), always. */
export function refuse(
  call: string,
  path: string,
  expected: string,
  actual: number | bigint | string,
): never {
  return fail(call, 'EINVAL', 'local', { code: 'refused', path, expected, actual });
}

/** Whether the error is RM's answer, or the client's error because of that answer, and no hazard. */
export function isAnswer(error: unknown): error is HostError {
  return error instanceof HostError && error.endedBy !== 'local' && error.hazard === undefined;
}

/** The part of a text whose length fits a length field of `bits` bits after wrapping, and the rest. */
export function wrapLength(text: Uint8Array, bits: 8 | 16): { head: Uint8Array; tail: Uint8Array } {
  const size = text.length % 2 ** bits;
  return { head: text.subarray(0, size), tail: text.subarray(size) };
}
