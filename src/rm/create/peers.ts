import { parseGuid } from '../config/index.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';

/**
 * The VM that a `peer` text names: the lowest VMID that matches. The manager counts, as do VMs that the asking VM may
 * not query. Leading colons are skipped. An empty identity matches a VM without one (rm-internals.md, section 1).
 */
export function findPeer(rm: MemoryContext, text: string): Vm | undefined {
  const body = text.replace(/^:+/, '');
  const colon = body.indexOf(':');
  if (colon < 0 && body.startsWith('vm-') && rm.platform.emptyPeerDies)
    rm.panicOrError('vm_init_peer_without_value');
  const form = colon < 0 ? body : body.slice(0, colon);
  const identity = colon < 0 ? '' : body.slice(colon + 1);
  const guid = form === 'vm-guid' ? parseGuid(identity) : undefined;
  for (const vm of rm.vms.all()) {
    if (form === 'vm-name' && vm.name === identity) return vm;
    if (form === 'vm-uri' && vm.uri === identity) return vm;
    if (guid?.every((byte, index) => byte === vm.guid[index]) === true) return vm;
  }
  return undefined;
}
