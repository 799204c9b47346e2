/** States of a VM, as VM_GET_STATE reports them. */
export const VmState = {
  NO_STATE: 0,
  INIT: 1,
  READY: 2,
  RUNNING: 3,
  PAUSED: 4,
  LOAD: 5,
  AUTH: 6,
  INIT_FAILED: 8,
  EXITED: 9,
  RESETTING: 10,
  RESET: 11,
} as const;
export type VmState = (typeof VmState)[keyof typeof VmState];

const { NO_STATE, INIT, READY, RUNNING, PAUSED, LOAD, AUTH, INIT_FAILED, EXITED, RESETTING, RESET } = VmState;

/** From which states each state may be entered (rm-behaviour.md, "VM life cycle"). */
export const ENTERED_FROM: Readonly<Record<VmState, readonly VmState[]>> = {
  [NO_STATE]: [RESET],
  [INIT]: [LOAD, AUTH, RESET],
  [READY]: [INIT],
  [RUNNING]: [READY, PAUSED],
  [PAUSED]: [RUNNING],
  [LOAD]: [NO_STATE],
  [AUTH]: [LOAD, RESET],
  [INIT_FAILED]: [INIT, READY, LOAD, AUTH, RESET],
  [EXITED]: [RUNNING, PAUSED],
  [RESETTING]: [EXITED, READY, INIT_FAILED],
  [RESET]: [RESETTING],
};
