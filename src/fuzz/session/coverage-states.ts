import { vmStatus } from '../../../schemas/index.js';
import type { Subject, SubjectKind } from './action.js';
import { VMID_HLOS } from './session.js';

const PARCEL = 16;
const INTERRUPT = 20;
const FROM_HLOS = 24;
const FROM_VM = 25;
/** States that coverage tells apart, those without a name included. */
export const STATE_COUNT = 26;

/** Names of these states. VMs have those that RM reports (VM_GET_STATE); 0 is for a VM whose state has to be asked for. */
export const stateNames: readonly (string | undefined)[] = (() => {
  const names: (string | undefined)[] = [];
  for (const [name, value] of Object.entries(vmStatus.values)) names[value] = name;
  names[0] = 'not known';
  names[PARCEL] = 'parcel open';
  names[PARCEL + 1] = 'parcel offered';
  names[PARCEL + 2] = 'parcel accepted';
  names[INTERRUPT] = 'interrupt offered';
  names[INTERRUPT + 1] = 'interrupt bound';
  names[FROM_HLOS] = 'from HLOS';
  names[FROM_VM] = 'from a VM';
  return names;
})();

/** The state of what a request is about; for a request about nothing, who sends it. */
export function coverageState(kind: SubjectKind, subject: Subject, sender: number): number {
  if (subject === undefined) return sender === VMID_HLOS ? FROM_HLOS : FROM_VM;
  if (kind === 'vm') return subject.state;
  return (kind === 'parcel' ? PARCEL : INTERRUPT) + subject.state;
}
