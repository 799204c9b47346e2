import {
  VM_CONSOLE_CLOSE,
  VM_CONSOLE_FLUSH,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
} from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { type QcomKernel, refuse, wrapLength } from './kernel.js';

/** The console calls. VMID 0 is this VM's own console. */
export function consoleCalls(kernel: QcomKernel) {
  return {
    consoleOpen: kernel.vmidCall(VM_CONSOLE_OPEN),
    consoleClose: kernel.vmidCall(VM_CONSOLE_CLOSE),

    /** Writes 1 byte or more (else EINVAL). Above 14 380 bytes the transport ends the call with E2BIG. */
    *consoleWrite(vmid: number, data: Uint8Array): Calling<void> {
      if (data.length === 0) refuse(VM_CONSOLE_WRITE.name, 'data', '1 byte or more', 0);
      const { head, tail } = wrapLength(data, 16);
      yield* kernel.callLong(VM_CONSOLE_WRITE, { vmid, data: head }, tail);
    },

    consoleFlush: kernel.vmidCall(VM_CONSOLE_FLUSH),
  };
}
