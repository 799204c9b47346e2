import { vmStatus } from '../../../schemas/index.js';

/** Names of the states that coverage tells apart: those of VMs as RM reports them, of parcels, interrupts and senders. */
export const stateNames: readonly (string | undefined)[] = (() => {
  const names: (string | undefined)[] = [];
  for (const [name, value] of Object.entries(vmStatus.values)) names[value] = name;
  names[0] = 'not known';
  names[16] = 'parcel open';
  names[17] = 'parcel offered';
  names[18] = 'parcel accepted';
  names[20] = 'interrupt offered';
  names[21] = 'interrupt bound';
  names[24] = 'from HLOS';
  names[25] = 'from a VM';
  return names;
})();
