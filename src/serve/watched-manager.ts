import { ResourceManager } from '../rm/index.js';

/** A manager that tells when a VM's RPC link comes and goes, for transports that give every link a name. */
export class WatchedManager extends ResourceManager {
  /** Not set yet while the first boot, which is the base class's, makes the primary VM's link. */
  onLink: ((vmid: number, exists: boolean) => void) | undefined;

  override addLink(vmid: number, depth: number | undefined, messageSizeMax: number | undefined): boolean {
    const made = super.addLink(vmid, depth, messageSizeMax);
    if (made) this.onLink?.(vmid, true);
    return made;
  }

  override removeLink(vmid: number): boolean {
    const removed = super.removeLink(vmid);
    if (removed) this.onLink?.(vmid, false);
    return removed;
  }
}
