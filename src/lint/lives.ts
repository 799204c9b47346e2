import { VM_ALLOC_VMID, VM_CONFIG_IMAGE, VM_DEALLOC_VMID, VM_RESET } from '../../schemas/index.js';
import type { RecordContents } from '../capture/records/index.js';
import { type ResourceManager, VmState } from '../rm/index.js';
import type { Rule } from './rule.js';
import { lifeRules } from './rules/index.js';

/** Where the lives of VMs ended since the boot, and what was not given back. */
export class Lives<Request> {
  /** By VMID: where it was deallocated, and where it was reset. */
  readonly #deallocated = new Map<number, Request>();
  readonly #reset = new Map<number, Request>();
  /** VMIDs in state RESET when another one was asked for. */
  readonly #abandoned = new Set<number>();

  /** A request before the manager gets it. */
  before({ id }: RecordContents, manager: ResourceManager): void {
    if (id !== VM_ALLOC_VMID.id) return;
    for (const vmid of this.#reset.keys())
      if (manager.vm(vmid)?.state === VmState.RESET) this.#abandoned.add(vmid);
  }

  /** Whether the reply to a request matters: it ends a life of a VMID, or begins one. */
  concerns({ id }: RecordContents): boolean {
    return id === VM_DEALLOC_VMID.id || id === VM_CONFIG_IMAGE.id || id === VM_RESET.id;
  }

  /** A request that was answered with OK. @returns the rule that it breaks. */
  answered({ id, payload }: RecordContents, request: Request): Rule | undefined {
    const vmid = payload?.vmid;
    if (typeof vmid !== 'number') return undefined;
    if (id !== VM_RESET.id) this.#abandoned.delete(vmid);
    if (id === VM_DEALLOC_VMID.id) {
      this.#deallocated.set(vmid, request);
      this.#reset.delete(vmid);
    }
    if (id !== VM_RESET.id) return undefined;
    const isAgain = this.#reset.has(vmid);
    this.#reset.set(vmid, request);
    return isAgain ? lifeRules.reset_cleans_nothing : undefined;
  }

  /** What is lost when the manager ends now, and the request that made it so. */
  *leaks(manager: ResourceManager): Generator<readonly [Rule, Request]> {
    const gone = new Set<number>();
    for (const { participants, owner } of manager.parcels.all()) {
      const others = participants.filter(({ vmid }) => vmid !== owner);
      if (others.length > 0 && others.every(({ vmid }) => manager.vm(vmid) === undefined))
        for (const { vmid } of others) gone.add(vmid);
    }
    for (const vmid of gone) {
      const request = this.#deallocated.get(vmid);
      if (request !== undefined) yield [lifeRules.parcel_never_reclaimed, request];
    }
    for (const vmid of this.#abandoned) {
      const request = this.#reset.get(vmid);
      if (manager.vm(vmid)?.state === VmState.RESET && request !== undefined)
        yield [lifeRules.vmid_never_freed, request];
    }
  }

  clear(): void {
    for (const known of [this.#deallocated, this.#reset, this.#abandoned]) known.clear();
  }
}
