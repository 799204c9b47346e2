import { constants } from '../../../../schemas/index.js';
import { UsageError } from '../../../base/error.js';
import type { Call, Infer, InferInput, Message, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import type { Errno } from '../../errno.js';
import { HostError } from '../../error.js';
import { type GenerationName, generations } from '../../generations.js';
import type { HazardListener } from '../../hazard.js';
import { hazards } from '../../hazards.js';
import { call, exchange } from '../call.js';

/** What firmware below the hypervisor has to do with parcels on some platforms (gh_rm_platform_ops in the kernel). */
export interface PlatformHooks {
  /** Before memory is shared or lent; the errno that it returns ends the call before anything is sent. */
  preMemShare?(): Errno | undefined;
  /** After memory came back, or could not be given. */
  postMemReclaim?(): void;
}

export interface MainlineOptions {
  readonly platform?: PlatformHooks;
  /** Told of what the real client would leak. Others end the call. */
  readonly report?: HazardListener;
}

/** What the call functions of one kernel share. */
export class MainlineKernel {
  readonly generation;
  readonly platform: PlatformHooks;
  readonly report: HazardListener;
  /** VMID of the host once it is known, for the life of the kernel; the marker for none until then. */
  vmid: number = constants.VMID_PEER_DEFAULT;

  constructor(name: GenerationName, { platform = {}, report = () => {} }: MainlineOptions = {}) {
    this.generation = generations[name];
    this.platform = platform;
    this.report = report;
  }

  /** As {@link exchange}; UsageError (code `generation`) when this generation has no such call. */
  *exchange<Q extends Payload>(message: Call<Q>, request: InferInput<Q>): Calling<Uint8Array> {
    this.#checkHas(message);
    return yield* exchange(message, request);
  }

  /** As {@link call}; UsageError (code `generation`) when this generation has no such call. */
  *call<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
  ): Calling<Infer<P>> {
    this.#checkHas(message);
    return yield* call(message, request);
  }

  #checkHas({ name: path, sources }: Message): void {
    const { name } = this.generation;
    if (!sources.includes(name)) {
      throw new UsageError({ code: 'generation', path, expected: sources.join(', '), actual: name });
    }
  }
}

/**
 * The first `size` bytes of a reply whose size the clients do not look at.
 *
 * @throws HostError (EBADMSG) with the hazard that a shorter one is to them.
 */
export function replyHead(call: string, reply: Uint8Array, size: number): DataView {
  if (reply.length < size) {
    const issue = { code: 'reply_size', path: '', offset: 0, expected: size, actual: reply.length };
    const hazard = reply.length === 0 ? hazards.empty_reply : hazards.short_reply;
    throw new HostError(call, 'EBADMSG', 'reply', issue, hazard);
  }
  return new DataView(reply.buffer, reply.byteOffset, size);
}
