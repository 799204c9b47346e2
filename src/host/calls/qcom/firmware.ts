import { constants, VM_AUTH_IMAGE } from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { isAnswer, type QcomKernel } from './kernel.js';

/**
 * Whether the firmware is old, which q66 asks for once per kernel. It is old if RM answers VM_AUTH_IMAGE with
 * UNIMPLEMENTED, and not for any other answer, errors included.
 */
export function* firmwareIsLegacy(kernel: QcomKernel): Calling<boolean> {
  if (!kernel.generation.probesFirmware) return false;
  kernel.legacyFirmware ??= yield* knowsNoAuthentication(kernel);
  return kernel.legacyFirmware;
}

function* knowsNoAuthentication(kernel: QcomKernel): Calling<boolean> {
  try {
    yield* kernel.call(VM_AUTH_IMAGE, { vmid: constants.VMID_HLOS, auth_params: [] });
    return false;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return error.errno === 'EOPNOTSUPP';
  }
}
