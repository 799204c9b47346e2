import { VmState } from './codes.js';

/** States of a VM by name, as VM_GET_STATE reports them. */
type StateName = keyof typeof VmState;

/** From which states each state may be entered (rm-behaviour.md, "VM life cycle"). */
const enteredFrom: Readonly<Record<StateName, readonly StateName[]>> = {
  NO_STATE: ['RESET'],
  INIT: ['LOAD', 'AUTH', 'RESET'],
  READY: ['INIT'],
  RUNNING: ['READY', 'PAUSED'],
  PAUSED: ['RUNNING'],
  LOAD: ['NO_STATE'],
  AUTH: ['LOAD', 'RESET'],
  INIT_FAILED: ['INIT', 'READY', 'LOAD', 'AUTH', 'RESET'],
  EXITED: ['RUNNING', 'PAUSED'],
  RESETTING: ['EXITED', 'READY', 'INIT_FAILED'],
  RESET: ['RESETTING'],
};

/** Whether a VM may change from one state to another. */
export function mayChange(from: number, to: StateName): boolean {
  return enteredFrom[to].some((name) => VmState[name] === from);
}
