import { VcpuState } from '../../machine/index.js';
import { type Action, ANY, type SubjectKind, statesMask } from '../session/action.js';
import { State } from '../session/known-state.js';
import { TREE_OFFSET } from '../session/page-allocator.js';
import { VMID_HLOS } from '../session/session.js';
import { generateTree } from '../tree/generate-tree.js';

/** Run states of a vCPU: powered off, fault, reset (twice as often), ready, which is no halt, and undefined ones. */
const RUN_STATES: readonly number[] = [VcpuState.POWERED_OFF, VcpuState.FAULT, 0x100, 0x100, 0, 1, 7];
const SYSTEM_RESET = 1n << 63n;
const CALL_64BIT = 1n << 62n;
/** Share of devicetrees with values that are allowed, but that RM does not expect, 0..1. */
const ODD_TREE_PROBABILITY = 0.1;
/** Most messages that a VM still takes after a receive limit, and one more. */
const RECEIVE_LIMITS = 4;

function operation<K extends SubjectKind>(row: Omit<Action<K>, 'shape'>): Action {
  return { ...row, shape: undefined } as Action<K> as Action;
}

/** A vCPU of a running VM halts. */
export const vcpuHalt = operation({
  subject: 'vm',
  theme: 'life',
  from: statesMask(State.RUNNING, State.EXITED),
  weight: 1,
  make(session, vm) {
    const { random, machine } = session;
    const data = [session.any(0n, SYSTEM_RESET, CALL_64BIT, 0xffffffffn), BigInt(random.u32())] as const;
    const state = session.any(...RUN_STATES);
    session.put({ kind: 'vcpu_halt', vmid: vm.vmid, state, data });
    const spins = machine.faultsSpin && state === VcpuState.FAULT;
    if (vm.state === State.RUNNING && !spins) vm.state = State.EXITED;
    return true;
  },
});

/** A devicetree is written into a VM's image. */
const loadTree = operation({
  subject: 'vm',
  theme: 'life',
  from: statesMask(State.LOAD, State.RESET, State.INIT, State.AUTH),
  weight: 12,
  make(session, vm) {
    const { random, machine, names, peerProbability, labelMax } = session;
    if (vm.treeFresh && !random.chance(0.05)) return false;
    const { address } = session.pages.image(vm.region);
    const isOdd = random.chance(ODD_TREE_PROBABILITY);
    const options = { names, peerProbability, labelMax, cores: machine.cores, isOdd };
    const mutation = random.chance(0.7) ? session.treeMutations.shift() : undefined;
    vm.tree =
      mutation === undefined
        ? session.trees.any(random, options)
        : generateTree({ ...options, random, mutation });
    if (mutation !== undefined) session.treeMutated(mutation);
    vm.treeFresh = true;
    session.put({ kind: 'load', address: address + TREE_OFFSET, bytes: vm.tree.blob });
    return true;
  },
});

/** A VM stops taking messages from its queue. */
const limitReceiver = operation({
  subject: 'none',
  theme: 'pressure',
  from: ANY,
  weight: 1,
  make(session) {
    const { random, known } = session;
    const vmid = random.chance(0.5) ? VMID_HLOS : known.anySender(random);
    session.put({ kind: 'receive_limit', vmid, count: random.below(RECEIVE_LIMITS) });
    return true;
  },
});

const drain = operation({
  subject: 'none',
  theme: 'pressure',
  from: ANY,
  weight: 1,
  make(session) {
    session.put({ kind: 'drain' });
    return true;
  },
});

/** Operations on the machine, which are no messages to RM. */
export const machineActions: readonly Action[] = [loadTree, vcpuHalt, limitReceiver, drain];
