import type { Line } from '../base/line-readers.js';

/** A field that an earlier step of the case has learnt: `{"$":"vm.vmid"}`. */
export interface Reference {
  readonly $: string;
}
/** A VM by number, or by reference. */
export type VmRef = number | Reference;

/** A message that must come: keys of `decode --json`, matched in part. `to` is the sender unless told. */
export interface Expectation {
  readonly to?: VmRef;
  /** It may also not come: the VM that it goes to need not exist any more when it could take it. */
  readonly isOptional?: true;
  readonly [key: string]: unknown;
}

/** One thing that a case does. */
export interface CaseStep {
  /** The VM that sends, HLOS unless told. */
  readonly from?: VmRef;
  /**
   * A message by the keys of `decode --json` (name, payload, raw, rest, sizes, type, seq); a request has the next sequence
   * number unless told. Or whole queue messages in hexadecimal, or an operation on the machine.
   */
  readonly message?: Line;
  readonly frames?: readonly string[];
  readonly operation?: Line;
  /** All that VMs must get, in order for each of them. A name is that of the error of the reply. */
  readonly expect: string | readonly Expectation[];
  /** Name for the payload of the reply. */
  readonly as?: string;
}

export const chapters = {
  framing: 'Header and framing',
  fragments: 'Fragments',
  unknown: 'Messages that the manager does not have',
  lengths: 'Length of each message',
  senders: 'Who may send what',
  states: 'States of VMs',
  errors: 'Errors of each message',
  memory: 'Memory parcels',
  notifications: 'Notifications',
  order: 'Order of messages',
  overflow: 'Full queues',
  lives: 'Lives of VMs and handles',
} as const;
export type Chapter = keyof typeof chapters;

/** `required`: the protocol breaks without it. `observed`: the public manager does it so. */
export type Level = 'required' | 'observed';

/** One small thing that a manager must do. */
export interface Case {
  /** Unique: `chapter/what`. */
  readonly name: string;
  readonly chapter: Chapter;
  readonly level: Level;
  /** The rule that it checks, one sentence. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** Steps that bring the manager into the state that the case begins with. */
  readonly given: readonly CaseStep[];
  readonly steps: readonly CaseStep[];
  /** It holds on a manager that has just booted only. */
  readonly needsBoot?: boolean;
}
