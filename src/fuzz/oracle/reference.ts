import { VM_GET_HYP_RESOURCES, VM_IRQ_LEND } from '../../../schemas/index.js';
import type { ManagerProfile, PlatformProfile } from '../../rm/index.js';
import { CapabilityMask, lendHandleBase, RealReceivers, sameFrames } from '../../sim/index.js';
import { frameId, type Response, SimTarget, type Step } from '../../target/index.js';
import type { Cause } from './cause.js';
import { differenceOf } from './difference.js';

type Out = Response['out'];

/** What the reference manager shows about a step. */
export interface Verdict {
  readonly difference: Cause | undefined;
  /** Panic of the reference manager, which ends the comparison for this session. */
  readonly died: string | undefined;
}

const agreed: Verdict = { difference: undefined, died: undefined };

export interface ReferenceOptions {
  readonly platform: PlatformProfile;
  readonly profile?: ManagerProfile | undefined;
  readonly careful: boolean;
  /** The target's responses say whether its queue took a message. */
  readonly seesRefusal: boolean;
}

/**
 * A simulated manager that gets the same steps as the target. What VMs receive is compared byte by byte, with these
 * exceptions: the hypervisor chooses capability ids; the base of IRQ handles is taken from the target; with real VMs the
 * order between receivers is open.
 */
export class Reference {
  readonly #sim: SimTarget;
  readonly #options: ReferenceOptions;
  #targetMask = new CapabilityMask();
  #ownMask = new CapabilityMask();
  /** The target has said in this session from where it counts interrupt handles. */
  #knowsHandleBase = false;
  readonly #receivers = new RealReceivers();

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#sim = new SimTarget(options);
  }

  reset(): void {
    this.#sim.reset();
    this.#sim.manager.irqHandleBase = this.#options.platform.irqHandleBase;
    this.#knowsHandleBase = false;
    this.#targetMask = new CapabilityMask();
    this.#ownMask = new CapabilityMask();
    this.#receivers.clear();
  }

  /**
   * What the target should answer to a step; undefined where that is only known with the target's answer.
   * {@link compare} is then called without it.
   */
  predict(step: Step): Response | undefined {
    return this.#knowsHandleBase || !isLend(step) ? this.#sim.put(step) : undefined;
  }

  /** @param predicted what {@link predict} has returned for this step; undefined if it was not called. */
  compare(step: Step, response: Response, predicted?: Response): Verdict {
    if (predicted === undefined) this.#learnHandleBase(step, response);
    const own = predicted ?? this.#sim.put(step);
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
    if (step.kind !== 'frame' || !isLend(step)) return;
    const base = lendHandleBase(step.from, step.frame, out);
    if (base === undefined) return;
    this.#sim.manager.irqHandleBase = base;
    this.#knowsHandleBase = true;
  }

  #same(out: Out, ownOut: Out): boolean {
    if (!this.#options.platform.realVms) return sameFrames(out, ownOut);
    for (const { frame } of ownOut) this.#receivers.sent(frame);
    return this.#receivers.same(out, ownOut);
  }

  #masked(mask: CapabilityMask, out: Out): Out {
    for (const { frame } of out)
      if (frameId(frame) === VM_GET_HYP_RESOURCES.id)
        return out.map(({ to, frame }) => ({ to, frame: mask.apply(to, frame) }));
    return out;
  }
}

function isLend(step: Step): boolean {
  return step.kind === 'frame' && frameId(step.frame) === VM_IRQ_LEND.id;
}
