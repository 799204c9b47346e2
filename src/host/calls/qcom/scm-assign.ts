import { constants, memRights, VM_ALLOC_VMID } from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { firmwareIsLegacy } from './firmware.js';
import { qcomGenerations } from './generations.js';
import { thisVmid } from './identity.js';
import type { QcomKernel } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { ignoringFailure, parcelCalls } from './parcels.js';

const PAGE_SIZE = 0x1000n;
const { R, W } = memRights.bits;

const probingGenerations = Object.values(qcomGenerations)
  .filter(({ probesScmAssign }) => probesScmAssign)
  .map(({ name }) => name);

/** The probe that q66 and q612 make once at their start (client.md, section 10). */
export function scmAssignCalls(kernel: QcomKernel) {
  const { vmAllocVmid, vmDeallocVmid } = lifecycleCalls(kernel);
  const { memLend, memReclaim } = parcelCalls(kernel);

  /** A VM to lend to. The driver takes any failure for a lack of memory. */
  function* allocateReceiver(): Calling<number> {
    try {
      return yield* vmAllocVmid(0);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      throw new HostError(VM_ALLOC_VMID.name, 'ENOMEM', error.endedBy, error, error.hazard);
    }
  }

  return {
    /**
     * Whether memory has to be assigned to a VM by the secure monitor before it is lent: so it is for HLOS (VMID 3) when
     * RM does not let it lend a page just like that, and with old firmware. Failures behind the lending are ignored.
     *
     * @param page guest address of a page to try it with, which comes back.
     * @throws HostError ENOMEM when no VM can be allocated; UsageError for q61, which has no such probe.
     */
    *setupFeatureScmAssign(page: bigint): Calling<boolean> {
      kernel.checkGeneration('setupFeatureScmAssign', probingGenerations);
      if (yield* firmwareIsLegacy(kernel)) return true;
      if ((yield* thisVmid(kernel)) !== constants.VMID_HLOS) return false;
      const vmid = yield* allocateReceiver();
      let lent = true;
      try {
        const acl_entries = [{ vmid, rights: R | W }];
        const sgl_entries = [{ ipa: page, size: PAGE_SIZE }];
        yield* ignoringFailure(memReclaim(yield* memLend({ acl_entries, sgl_entries })));
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        lent = false;
      }
      yield* ignoringFailure(vmDeallocVmid(vmid));
      return !lent;
    },
  };
}
