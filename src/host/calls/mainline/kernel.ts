import { constants } from '../../../../schemas/index.js';
import type { Call, Infer, InferInput, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import type { Errno } from '../../errno.js';
import { HostError } from '../../error.js';
import { type GenerationName, generations } from '../../generations.js';
import type { HazardListener } from '../../hazard.js';
import { hazards } from '../../hazards.js';
import { call, checkGeneration, exchange } from '../call.js';

/** The part of firmware below the hypervisor in sharing memory on some platforms (gh_rm_platform_ops in the kernel). */
export interface PlatformHooks {
  /** Called before memory is shared or lent. If it returns an errno, the call ends with it and nothing is sent. */
  preMemShare?(): Errno | undefined;
  /** Called after memory was reclaimed, or could not be given. */
  postMemReclaim?(): void;
}

export interface MainlineOptions {
  readonly platform?: PlatformHooks;
  /** Called for leaks of the real client. Other hazards end the call. */
  readonly report?: HazardListener;
}

export class MainlineKernel {
  readonly generation;
  readonly platform: PlatformHooks;
  readonly report: HazardListener;
  /** VMID of the host, once it was asked for; before that VMID_PEER_DEFAULT. */
  vmid: number = constants.VMID_PEER_DEFAULT;

  constructor(name: GenerationName, { platform = {}, report = () => {} }: MainlineOptions = {}) {
    this.generation = generations[name];
    this.platform = platform;
    this.report = report;
  }

  forget(): void {
    this.vmid = constants.VMID_PEER_DEFAULT;
  }

  /** As {@link exchange}; UsageError (code `generation`) when this generation has no such call. */
  *exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
    checkGeneration(message.name, this.generation.name, message.sources);
    return yield* exchange(message, request);
  }

  /** As {@link call}; UsageError (code `generation`) when this generation has no such call. */
  *call<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
  ): Calling<Infer<P>> {
    checkGeneration(message.name, this.generation.name, message.sources);
    return yield* call(message, request);
  }

  /** A call whose reply is ignored. */
  statusCall<Q extends Payload>(message: Call<Q>): (request: InferInput<Q>) => Calling<void> {
    const kernel = this;
    return function* (request) {
      yield* kernel.exchange(message, request);
    };
  }
}

/**
 * The first `size` bytes of a reply whose size the clients do not check.
 *
 * @throws HostError (EBADMSG) with the hazard that a shorter reply is for the clients.
 */
export function replyHead(call: string, reply: Uint8Array, size: number): DataView {
  if (reply.length < size) {
    const fault = { code: 'reply_size', expected: size, actual: reply.length };
    const hazard = reply.length === 0 ? hazards.empty_reply : hazards.short_reply;
    throw new HostError(call, 'EBADMSG', 'reply', fault, hazard);
  }
  return new DataView(reply.buffer, reply.byteOffset, size);
}
