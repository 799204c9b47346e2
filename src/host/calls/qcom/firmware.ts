import { constants, VM_AUTH_IMAGE } from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { isAnswer, type QcomKernel } from './kernel.js';

/**
 * Whether the firmware is old: asked once by q66, then remembered for the life of the kernel. Any answer to
 * VM_AUTH_IMAGE but UNIMPLEMENTED, an error too, means that it is not.
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
