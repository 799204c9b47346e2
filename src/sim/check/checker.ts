import { constants, MEM_APPEND, VM_DEALLOC_VMID, VM_RESET } from '../../../schemas/index.js';
import { extentOwner, HypervisorModel, NOBODY, parcelOwner } from '../../hypervisor/index.js';
import type { ResourceManager } from '../../rm/index.js';
import type { World, WorldObserver } from '../world.js';
import { type Call, CallCheck } from './calls.js';
import { OwnershipShadow } from './ownership.js';
import { readWord } from './requests.js';
import { type Holdings, holdings, inspect } from './state.js';
import type { KnownFault, Violation } from './violation.js';

const { VMID_HLOS } = constants;

/**
 * Watches a world and reports rules that do not hold. Each page has the one owner that the public rules give it; a VM
 * cannot access memory that it has lent; replies and requests come in pairs; limits hold; nothing belongs to a VM that
 * no longer exists. It reads the queues and the state of the manager and the hypervisor, and shares no code with the
 * manager's own rules.
 */
export class Checker {
  readonly #world: () => World;
  readonly #violations: Violation[] = [];
  readonly #calls: CallCheck;
  #shadow: OwnershipShadow | undefined;
  /** Resets of each VM since it was made. */
  readonly #resets = new Map<number, number>();
  /** Known faults that have occurred in this boot. They may explain later violations. */
  readonly #seen = new Set<KnownFault>();
  readonly #links = new Map<number, unknown>();
  /** VMs whose queue was full at some time after everything had settled last. */
  readonly #full = new Set<number>();

  /** @param world returns the observed world, which is made after the checker because it needs its observer. */
  constructor(world: () => World) {
    this.#world = world;
    this.#calls = new CallCheck(
      (call) => this.#called(call),
      (vmid, id, seq) =>
        this.#find('reply_without_request', `VM ${vmid}: 0x${id.toString(16)} seq ${seq}`, undefined),
    );
  }

  /** Must be called by the world's observer. */
  get observer(): WorldObserver {
    return {
      put: (from, to, frame) => {
        const vmid = from === constants.VMID_RM ? to : from;
        this.#noticeLink(vmid);
        // At the first message of a boot no memory has changed its owner yet.
        this.#shadow ??= this.#newShadow();
        this.#calls.put(from, to, frame);
      },
      operation: ({ kind }) => {
        if (kind === 'reboot') this.#rebooted();
      },
      hypercall: (host, guest, call, error) => {
        this.#shadow ??= this.#newShadow();
        if (error === 0) this.#shadow.hypercall(host, guest, call);
      },
      memory: (operation, refusal) => {
        this.#shadow ??= this.#newShadow();
        if (refusal === undefined) this.#shadow.memory(operation);
      },
    };
  }

  /** Must be called when everything has settled. @returns all violations since the last call. */
  settled(): readonly Violation[] {
    const { manager } = this.#world();
    if (manager.panicked === undefined) {
      for (const vmid of this.#links.keys()) this.#noticeLink(vmid);
      const pending = this.#findUnanswered(manager);
      const hypervisor = hypervisorOf(manager);
      for (const { rule, detail, mayBe } of inspect(manager, hypervisor)) this.#find(rule, detail, mayBe);
      if (!pending) this.#compareOwners(hypervisor);
      if (!pending) this.#full.clear();
    }
    return this.#violations.splice(0);
  }

  /** What the manager holds; see {@link Holdings}. */
  holdings(): Holdings {
    const { manager } = this.#world();
    return holdings(manager, hypervisorOf(manager));
  }

  /** @returns whether replies may still come: a VM takes nothing, or RM has not looked at a request. */
  #findUnanswered(manager: ResourceManager): boolean {
    let pending = false;
    for (const vmid of [...this.#calls.waiting()]) {
      const link = manager.link(vmid);
      if (link !== undefined && link.toVm.count + link.toManager.count > 0) {
        pending = true;
        continue;
      }
      if (this.#full.has(vmid)) this.#seen.add('reply_overtaken');
      for (const request of this.#calls.unanswered(vmid))
        this.#find('request_without_reply', `VM ${vmid}: ${request}`, 'reply_overtaken');
    }
    return pending;
  }

  #newShadow(): OwnershipShadow {
    const { memory } = this.#world().manager.platform;
    const range = { start: memory.start, end: memory.start + memory.size, owner: VMID_HLOS };
    return new OwnershipShadow(
      [range],
      { nobody: NOBODY, parcel: parcelOwner, extent: extentOwner },
      (rule, detail) => this.#find(rule, detail, undefined),
    );
  }

  #rebooted(): void {
    this.#calls.forgetAll();
    this.#shadow = undefined;
    this.#resets.clear();
    this.#seen.clear();
    this.#links.clear();
    this.#full.clear();
  }

  /** When the link of a VM has changed, its requests get no replies any more. */
  #noticeLink(vmid: number): void {
    const link = this.#world().manager.link(vmid);
    if (this.#links.has(vmid) && this.#links.get(vmid) !== link) this.#calls.forget(vmid);
    this.#links.set(vmid, link);
    if (link !== undefined && link.toVm.count >= link.toVm.depth) this.#full.add(vmid);
  }

  #called(call: Call): void {
    const { id, error, request } = call;
    if (id === MEM_APPEND.id && error !== 0) this.#seen.add('failed_append');
    if (error === 0 && id === VM_DEALLOC_VMID.id) this.#resets.delete(readWord(request) & 0xffff);
    if (error === 0 && id === VM_RESET.id) {
      const vmid = readWord(request) & 0xffff;
      const count = (this.#resets.get(vmid) ?? 0) + 1;
      this.#resets.set(vmid, count);
      if (count > 1) this.#seen.add('second_reset');
    }
    this.#shadow?.call(call);
  }

  #compareOwners(hypervisor: HypervisorModel): void {
    // These faults change owners without a message that says so.
    if (this.#explained('second_reset') || this.#explained('reply_overtaken')) return;
    if (this.#shadow === undefined) return;
    const text = (list: readonly { start: number; end: number; owner: number }[]) =>
      list
        .map(({ start, end, owner }) => `0x${start.toString(16)}..0x${end.toString(16)} ${owner}`)
        .join(', ');
    const expected = text(this.#shadow.segments);
    const owners = hypervisor.memory.owners('normal');
    const actual = text(owners.map(({ start, end, value }) => ({ start, end, owner: value })));
    if (expected !== actual) this.#find('owners_differ', `expected ${expected}, actual ${actual}`, undefined);
  }

  /** Whether a known fault can be the reason of a violation. */
  #explained(fault: KnownFault): boolean {
    switch (fault) {
      case 'reply_overtaken':
        return this.#seen.has(fault);
      case 'owner_gone':
      case 'iomem_freed_twice':
        return !this.#world().manager.careful;
      default:
        return this.#seen.has(fault) && !this.#world().manager.careful;
    }
  }

  #find(rule: string, detail: string, mayBe: KnownFault | undefined): void {
    const fault = mayBe !== undefined && this.#explained(mayBe) ? mayBe : undefined;
    this.#violations.push({ rule, detail, fault });
  }
}

function hypervisorOf(manager: ResourceManager): HypervisorModel {
  const { hypervisor } = manager;
  if (hypervisor instanceof HypervisorModel) return hypervisor;
  throw new TypeError('checks need the hypervisor model');
}
