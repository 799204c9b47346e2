import {
  constants,
  MEM_RECLAIM,
  protocol,
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_IRQ_RECLAIM,
  VM_RESET,
  VM_STOP,
  vmStopFlags,
} from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { encodeMessage, type PayloadInput } from '../../rpc/index.js';
import type { Call } from '../../schema/index.js';
import { Batch, frameId, type Response, type Step, type TargetTask } from '../../target/index.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import { type AllocatedId, idsAllocatedBy } from '../play/id-binding.js';
import type { PlayedSession } from '../play/play.js';
import type { EndOracle } from './end-oracle.js';

const { VMID_HLOS, VMID_DYNAMIC_FIRST } = constants;
const { header } = protocol.limits;

/** Inspects the target. @param allGivenBack whether the session holds nothing any more. */
export type Audit = (allGivenBack: boolean) => Cause | undefined;

/**
 * Stops all VMs of a session, reclaims everything that HLOS gave away, and allocates a VMID, which is the first dynamic
 * one unless RM has leaked it. The judge checks the answers; the audit checks what no answer shows.
 */
export class Teardown implements EndOracle {
  readonly oneIn = 8;
  readonly #judge: Judge;
  readonly #audit: Audit | undefined;

  constructor(judge: Judge, audit: Audit | undefined) {
    this.#judge = judge;
    this.#audit = audit;
  }

  *run(played: PlayedSession): TargetTask<PlayedSession> {
    const steps = [...played.steps];
    const responses = [...played.responses];
    const held = heldAfter(played);
    // A VM that does not take its replies does not know all that it holds.
    const isHeldBack = steps.some(({ kind }) => kind === 'receive_limit');
    let allGivenBack = !isHeldBack && held.every(({ to }) => to === VMID_HLOS);
    const begin: readonly Step[] = isHeldBack ? [{ kind: 'drain' }] : [];
    const teardown = new Batch([...begin, ...teardownOf(held)]);
    yield teardown;
    for (const [index, response] of teardown.responses.entries()) {
      const step = teardown.steps[index] as Step;
      steps.push(step);
      responses.push(response);
      const { cause, over } = this.#judge.judge(step, response);
      if (over) return { steps, responses, cause };
      if (freedBy(step) !== undefined && !isOk(step, response)) allGivenBack = false;
    }
    // Without the added steps: to show the leak again, the tear-down runs again.
    return { ...played, cause: leakedVmid(held, responses, allGivenBack) ?? this.#audit?.(allGivenBack) };
  }
}

function leakedVmid(
  held: readonly AllocatedId[],
  responses: readonly Response[],
  allGivenBack: boolean,
): Cause | undefined {
  const last = responses.at(-1);
  const [fresh] = last === undefined ? [] : idsAllocatedBy(last);
  if (!allGivenBack || fresh === undefined || fresh.value === VMID_DYNAMIC_FIRST) return undefined;
  if (!held.some(({ role, value }) => role === 'vmid' && value === VMID_DYNAMIC_FIRST)) return undefined;
  const key = 'VMID not free again';
  return { kind: 'leak', key, text: `${key}: VM_ALLOC_VMID gives ${fresh.value} after all VMs are gone` };
}

/** What a session has allocated and not freed. */
function heldAfter({ steps, responses }: PlayedSession): readonly AllocatedId[] {
  const held = new Map<string, AllocatedId>();
  for (const [index, step] of steps.entries()) {
    const response = responses[index] as Response;
    for (const given of [...idsAllocatedBy(response), ...namedVmid(step, response)])
      held.set(`${given.role} ${given.value}`, given);
    const taken = freedBy(step);
    if (taken !== undefined && isOk(step, response)) held.delete(taken);
  }
  return [...held.values()];
}

/** A VMID that was allocated by number: the reply does not hold it. */
function namedVmid(step: Step, response: Response): AllocatedId[] {
  if (step.kind !== 'frame' || frameId(step.frame) !== VM_ALLOC_VMID.id || !isOk(step, response)) return [];
  const { from: to, frame } = step;
  if (frame.byteLength < header + 2) return [];
  const value = viewOf(frame).getUint16(header, true);
  return value === 0 ? [] : [{ to, seq: 0, id: VM_ALLOC_VMID.id, role: 'vmid', value }];
}

/** Role and value of what a request frees. */
function freedBy(step: Step): string | undefined {
  if (step.kind !== 'frame' || step.frame.byteLength < header + 4) return undefined;
  const id = frameId(step.frame);
  const view = viewOf(step.frame);
  if (id === VM_DEALLOC_VMID.id) return `vmid ${view.getUint16(header, true)}`;
  if (id === MEM_RECLAIM.id) return `mem_handle ${view.getUint32(header, true)}`;
  return id === VM_IRQ_RECLAIM.id ? `virq_handle ${view.getUint32(header, true)}` : undefined;
}

function isOk(step: Step, { out }: Response): boolean {
  return (
    step.kind === 'frame' &&
    out.some(
      ({ to, frame }) =>
        to === step.from &&
        frame.byteLength >= header + 4 &&
        frameId(frame) === frameId(step.frame) &&
        viewOf(frame).getUint32(header, true) === 0,
    )
  );
}

function teardownOf(given: readonly AllocatedId[]): Step[] {
  const valuesOf = (role: AllocatedId['role']) => [
    ...new Set(given.filter((item) => item.role === role && item.to === VMID_HLOS).map(({ value }) => value)),
  ];
  const vmids = valuesOf('vmid');
  let seq = 0;
  const ask = <M extends Call>(message: M, payload: PayloadInput<M, 'request'>): Step => {
    const [frame] = encodeMessage(protocol, message, 'request', { seq: seq++, payload });
    return { kind: 'frame', from: VMID_HLOS, frame: frame as Uint8Array };
  };
  const flags = vmStopFlags.bits.FORCE_STOP;
  return [
    ...vmids.map((vmid) => ask(VM_STOP, { vmid, flags, stop_reason: 0 })),
    ...vmids.map((vmid) => ask(VM_RESET, { vmid })),
    ...valuesOf('mem_handle').map((mem_handle) => ask(MEM_RECLAIM, { mem_handle, flags: 0 })),
    ...valuesOf('virq_handle').map((virq_handle) => ask(VM_IRQ_RECLAIM, { virq_handle })),
    ...vmids.map((vmid) => ask(VM_DEALLOC_VMID, { vmid })),
    ask(VM_ALLOC_VMID, { vmid: 0 }),
  ];
}
