import { constants, memRights, VM_ALLOC_VMID } from '../../../../schemas/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { checkGeneration } from '../call.js';
import { firmwareIsLegacy } from './firmware.js';
import { qcomGenerations } from './generations.js';
import { thisVmid } from './identity.js';
import type { QcomKernel } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { parcelCalls } from './parcels.js';

const PAGE_SIZE = 0x1000n;
const { R, W } = memRights.bits;

const probingGenerations = Object.values(qcomGenerations)
  .filter(({ probesScmAssign }) => probesScmAssign)
  .map(({ name }) => name);

/** The probe that q66 and q612 make once when they start (client.md, section 10). */
export function scmAssignCalls(kernel: QcomKernel) {
  const { vmAllocVmid, vmDeallocVmid } = lifecycleCalls(kernel);
  const { memLend, memReclaim } = parcelCalls(kernel);

  /** Allocates the VM to which a page is lent. The driver returns ENOMEM for any failure. */
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
     * Whether the secure monitor has to assign memory to a VM before it is lent. So it is with old firmware, and for HLOS
     * (VMID 3) if RM refuses to lend a page of it. Failures after the lending are ignored.
     *
     * @param page guest address of the page to lend, which is reclaimed.
     * @throws HostError ENOMEM when no VM can be allocated; UsageError for q61, which has no such probe.
     */
    *setupFeatureScmAssign(page: bigint): Calling<boolean> {
      checkGeneration('setupFeatureScmAssign', kernel.generation.name, probingGenerations);
      if (yield* firmwareIsLegacy(kernel)) return true;
      if ((yield* thisVmid(kernel)) !== constants.VMID_HLOS) return false;
      const vmid = yield* allocateReceiver();
      let lent = true;
      try {
        const acl_entries = [{ vmid, rights: R | W }];
        const sgl_entries = [{ ipa: page, size: PAGE_SIZE }];
        yield* attempt(memReclaim(yield* memLend({ acl_entries, sgl_entries })));
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        lent = false;
      }
      yield* attempt(vmDeallocVmid(vmid));
      return !lent;
    },
  };
}
