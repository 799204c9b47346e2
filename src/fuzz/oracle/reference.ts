import { VM_GET_HYP_RESOURCES, VM_IRQ_LEND } from '../../../schemas/index.js';
import type { PlatformProfile } from '../../rm/index.js';
import { CapabilityMask, lendHandleBase, RealReceivers, sameFrames } from '../../sim/index.js';
import { idOf } from '../targets/frames.js';
import { SimTarget } from '../targets/sim.js';
import type { Response, Step } from '../targets/step.js';
import type { Cause } from './cause.js';
import { differenceOf } from './difference.js';

type Out = Response['out'];

/** What the reference says of a step. */
export interface Verdict {
  /** The target says something else. */
  readonly difference: Cause | undefined;
  /** Where the reference died: it can tell nothing more about this session. */
  readonly died: string | undefined;
}

const agreed: Verdict = { difference: undefined, died: undefined };

export interface ReferenceOptions {
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  /** Steps whose effect on the target is not seen: whether a queue took a message. */
  readonly seesRefusal: boolean;
}

/**
 * The simulated manager beside a target, put to the same steps. What VMs take is compared byte by byte; capability
 * ids are the hypervisor's choice, the base of IRQ handles is the target's, and between receivers there is no order
 * where VMs are real.
 */
export class Reference {
  readonly #sim: SimTarget;
  readonly #options: ReferenceOptions;
  #targetMask = new CapabilityMask();
  #ownMask = new CapabilityMask();
  readonly #receivers = new RealReceivers();

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#sim = new SimTarget(options);
  }

  reset(): void {
    this.#sim.reset();
    this.#sim.manager.irqHandleBase = this.#options.platform.irqHandleBase;
    this.#targetMask = new CapabilityMask();
    this.#ownMask = new CapabilityMask();
    this.#receivers.clear();
  }

  /** Takes the same step and compares with what the target did. */
  compare(step: Step, response: Response): Verdict {
    this.#learnHandleBase(step, response);
    const own = this.#sim.put(step);
    if (response.ended !== undefined || own.ended !== undefined)
      return { difference: undefined, died: own.ended?.text };
    const out = this.#masked(this.#targetMask, response.out);
    const ownOut = this.#masked(this.#ownMask, own.out);
    const sameRefusal = !this.#options.seesRefusal || own.refused === response.refused;
    if (sameRefusal && this.#same(out, ownOut)) return agreed;
    const expected = { out: ownOut, refused: own.refused };
    const actual = { out, refused: sameRefusal ? own.refused : response.refused };
    return { difference: differenceOf(step, expected, actual), died: undefined };
  }

  #learnHandleBase(step: Step, { out }: Response): void {
    if (step.kind !== 'frame' || idOf(step.frame) !== VM_IRQ_LEND.id) return;
    const base = lendHandleBase(step.from, step.frame, out);
    if (base !== undefined) this.#sim.manager.irqHandleBase = base;
  }

  #same(out: Out, ownOut: Out): boolean {
    if (!this.#options.platform.realVms) return sameFrames(out, ownOut);
    for (const { frame } of ownOut) this.#receivers.sent(frame);
    return this.#receivers.same(out, ownOut);
  }

  #masked(mask: CapabilityMask, out: Out): Out {
    for (const { frame } of out)
      if (idOf(frame) === VM_GET_HYP_RESOURCES.id)
        return out.map(({ to, frame }) => ({ to, frame: mask.apply(to, frame) }));
    return out;
  }
}
