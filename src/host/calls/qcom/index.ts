import { acceptCalls } from './accept.js';
import { consoleCalls } from './console.js';
import type { QcomGeneration } from './generations.js';
import { heapCalls } from './heap.js';
import { identityCalls } from './identity.js';
import { ipaCalls } from './ipa.js';
import { irqCalls } from './irq.js';
import { QcomKernel, type QcomOptions } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { minidumpCalls } from './minidump.js';
import { coreNotifications } from './notifications.js';
import { notifyCalls } from './notify.js';
import { parcelCalls } from './parcels.js';
import { scmAssignCalls } from './scm-assign.js';
import { secureVmCalls } from './secure-vm.js';
import { statusCalls } from './status.js';

export type { AcceptRequest } from './accept.js';
export { NO_SANITIZE, type QcomGeneration } from './generations.js';
export { qcomHazards } from './hazards.js';
export type { HeapAnswer } from './heap.js';
export { lookupTypes } from './identity.js';
export type { IpaRequest } from './ipa.js';
export type { QcomOptions } from './kernel.js';
export type { StopRequest } from './lifecycle.js';
export type { DumpRange } from './minidump.js';
export type { CoreNotification } from './notifications.js';
export type { NotifyRequest } from './notify.js';
export type { QcomParcelRequest } from './parcels.js';
export type { SecureVm } from './secure-vm.js';
export type { SecureVmImage } from './secure-vm-image.js';

/**
 * The calls of Qualcomm's own interface (gh_rm_iface.c, gh_rm_core.c) of one generation in one kernel. The returned object
 * keeps what a kernel remembers. Each call returns a {@link Calling}, which the caller has to run. Bytes of a request that
 * the real client leaves uninitialised are zero.
 *
 * @throws HostError, all calls: EINVAL before anything is sent (`endedBy` local), the errno for RM's error reply (`rm`),
 * and EINVAL or EBADMSG for a reply of the wrong size (`reply`), with the hazard that it is for the real client;
 * UsageError for a call that the generation lacks; WireError for values that do not fit their fields.
 */
export function qcomCalls(name: QcomGeneration['name'], options: QcomOptions = {}) {
  const kernel = new QcomKernel(name, options);
  return {
    ...parcelCalls(kernel),
    ...acceptCalls(kernel),
    ...notifyCalls(kernel),
    ...heapCalls(kernel),
    ...lifecycleCalls(kernel),
    ...identityCalls(kernel),
    ...statusCalls(kernel),
    ...minidumpCalls(kernel),
    ...irqCalls(kernel),
    ...consoleCalls(kernel),
    ...ipaCalls(kernel),
    ...scmAssignCalls(kernel),
    ...secureVmCalls(kernel),
    ...coreNotifications(kernel),
    /** Forgets what the kernel remembers, as when it boots. */
    forget: () => kernel.forget(),
  };
}

export type QcomCalls = ReturnType<typeof qcomCalls>;
