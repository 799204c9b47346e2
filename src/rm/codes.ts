import { constants, error } from '../../schemas/index.js';

/** Error word of a reply. */
export const RmError = error.values;

/** VMIDs with a fixed meaning. */
export const { VMID_HYP, VMID_HLOS, VMID_RM, VMID_PEER_DEFAULT } = constants;
