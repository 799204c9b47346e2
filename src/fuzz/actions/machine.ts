import { type Action, ANY, statesMask } from '../session/action.js';
import { State } from '../session/known-state.js';
import { TREE_OFFSET } from '../session/page-allocator.js';
import { VMID_HLOS } from '../session/session.js';
import { generateTree } from '../tree/generate-tree.js';

/** Run states of a vCPU: powered off, fault, reset; ready, which is no halt, and others that are not foreseen. */
const RUN_STATES: readonly number[] = [2, 6, 0x100, 0x100, 0, 1, 7];
const SYSTEM_RESET = 1n << 63n;
const CALL_64BIT = 1n << 62n;

/** A vCPU of a running VM halts. */
export const halting: Action<'vm'> = {
  subject: 'vm',
  theme: 'life',
  shape: undefined,
  from: statesMask(State.RUNNING, State.EXITED),
  weight: 1,
  make(session, vm) {
    const { random } = session;
    const data = [session.any(0n, SYSTEM_RESET, CALL_64BIT, 0xffffffffn), BigInt(random.u32())] as const;
    session.put({ kind: 'vcpu_halt', vmid: vm.vmid, state: session.any(...RUN_STATES), data });
    if (vm.state === State.RUNNING) vm.state = State.EXITED;
    return true;
  },
};

/** What is done to the machine rather than asked of RM. */
export const operationEdges: readonly Action[] = [
  loading(),
  halting as Action,
  limiting(),
  draining(),
] as Action[];

/** A devicetree is written where the VM's will be looked for. */
function loading(): Action<'vm'> {
  return {
    subject: 'vm',
    theme: 'life',
    shape: undefined,
    from: statesMask(State.LOAD, State.RESET, State.INIT, State.AUTH),
    weight: 12,
    make(session, vm) {
      const { random } = session;
      if (vm.treeFresh && !random.chance(0.05)) return false;
      // What was lent is no longer HLOS's to write into once the VM has it; until then it is.
      const { address } = session.pages.image(vm.region);
      const { names, joining, labels, machine } = session;
      const wish = { names, joining, labels, cores: machine.cores };
      const flaw = random.chance(0.7) ? session.flaws.shift() : undefined;
      vm.tree =
        flaw === undefined ? session.trees.any(random, wish) : generateTree({ ...wish, random, flaw });
      if (flaw !== undefined) session.flawed(flaw);
      vm.treeFresh = true;
      session.put({ kind: 'load', address: address + TREE_OFFSET, bytes: vm.tree.blob });
      return true;
    },
  };
}

const LIMIT_MAX = 4;

/** Someone stops taking messages off its queue. */
function limiting(): Action<'none'> {
  return {
    subject: 'none',
    theme: 'pressure',
    shape: undefined,
    from: ANY,
    weight: 1,
    make(session) {
      const vmid = session.random.chance(0.5) ? VMID_HLOS : session.known.speaker(session.random);
      session.put({ kind: 'receive_limit', vmid, count: session.random.below(LIMIT_MAX) });
      return true;
    },
  };
}

function draining(): Action<'none'> {
  return {
    subject: 'none',
    theme: 'pressure',
    shape: undefined,
    from: ANY,
    weight: 1,
    make(session) {
      session.put({ kind: 'drain' });
      return true;
    },
  };
}
