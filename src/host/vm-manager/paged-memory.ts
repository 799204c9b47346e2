import { type HypResource, memRights, resourceType } from '../../../schemas/index.js';
import { DonateType, MapFlag } from '../../hypervisor/index.js';
import { attempt } from '../attempt.js';
import { HostError } from '../error.js';
import { refuser } from '../refusal.js';
import { type AddressRange, HUGE_PAGE, hex, overlaps, PAGE } from './addresses.js';
import type { Backing } from './backing.js';
import type { Hypercall, Running } from './effects.js';
import type { HazardLog } from './hazard-log.js';
import { vmHazards } from './hazards.js';
import type { Parcel, Piece } from './parcel.js';
import type { ResourceTable, Ticket } from './resources.js';
import type { VmRules } from './rules.js';
import type { UserProcess } from './user-memory.js';

const { ADDR_SPACE, MEM_EXTENT } = resourceType.values;

/** The resources that paging needs (client.md, section 9). */
const addressSpace: Ticket = { type: ADDR_SPACE, label: 0 };
const extents = {
  guestPrivate: { type: MEM_EXTENT, label: 0 },
  hostShared: { type: MEM_EXTENT, label: 1 },
  hostPrivate: { type: MEM_EXTENT, label: 2 },
  guestShared: { type: MEM_EXTENT, label: 3 },
} as const satisfies Readonly<Record<string, Ticket>>;

/** Attributes of a mapping: normal memory, and access for user and kernel of the guest. Only W of the backing counts. */
const attributes = {
  private: { writable: 0xf0077, readable: 0xf0055 },
  shared: { writable: 0xf0066, readable: 0xf0044 },
} as const;
/** More such calls follow, so the hypervisor need not wait until all cores know. */
const NO_SYNC = 2 ** 31;

/** A page of a process, or a folio of guest memory. */
const pieceSizes = [PAGE, HUGE_PAGE];

/** A page or a folio that the VM has, and that hypercalls, not RM, take back. */
interface Page extends Piece {
  readonly path: string;
  readonly shared: boolean;
  readonly writable: boolean;
}

interface PagedVm {
  readonly path: string;
  readonly rules: VmRules;
  readonly careful: boolean;
  readonly setup: { readonly userProcess: UserProcess };
  readonly resources: ResourceTable;
  readonly hazards: HazardLog;
  /** Parcels that RM holds for the VM, and whose memory is therefore not missing. */
  readonly devicetreeParcel: Parcel | undefined;
  readonly firmwareParcel: Parcel | undefined;
}

/** Memory of a VM that hypercalls give and take back (v17, a15). */
export class PagedMemory {
  readonly #vm: PagedVm;
  /** By guest address, a multiple of the page's size. The map keeps the cost of a fault independent of the VM's size. */
  readonly #pages = new Map<bigint, Page>();

  constructor(vm: PagedVm) {
    this.#vm = vm;
    if (vm.rules.memory === 'regions') return;
    for (const ticket of [addressSpace, ...Object.values(extents)]) vm.resources.addTicket(ticket);
  }

  /** Whether the VM, or RM on its behalf, has any memory of a range. */
  isUsing(range: AddressRange): boolean {
    const isInRange = ({ guestAddress: start, size }: Piece) => overlaps({ start, size }, range);
    return this.#piecesWithRm().some(isInRange) || [...this.#pages.values()].some(isInRange);
  }

  /** Once the VM has started, hypercalls take the memory of a parcel back. */
  convert(parcel: Parcel): void {
    for (const page of pagesOf(parcel)) this.#pages.set(page.guestAddress, page);
  }

  /**
   * Gives the VM the page that it has touched and that it lacks.
   *
   * @throws HostError: ENOENT when nothing backs the address, EPERM for a write without the right, EAGAIN when the page
   * is there already, ENODEV before the resources are known.
   */
  *fault(backing: Backing | undefined, guestAddress: bigint, isWrite: boolean): Running<void> {
    const call = 'VCPU_RUN';
    const start = guestAddress - (guestAddress % PAGE);
    const refuseFault = refuser(call, backing?.path ?? this.#vm.path, start);
    const refuse = (errno: 'ENOENT' | 'EPERM' | 'EAGAIN', expected: string) =>
      refuseFault(errno, 'page', expected, hex(guestAddress));
    if (backing === undefined) throw refuse('ENOENT', 'a backed address');
    if (isWrite && (backing.rights & memRights.bits.W) === 0) throw refuse('EPERM', 'no write');
    if (this.#hasPage(start)) throw refuse('EAGAIN', 'a page that is missing');
    const [piece] = backing.take(call, { start, size: PAGE }) as [Piece];
    const writable = (backing.rights & memRights.bits.W) !== 0;
    const page: Page = { ...piece, path: backing.path, shared: !backing.lent, writable };
    try {
      yield* this.#give(page);
    } catch (error) {
      page.release();
      throw error;
    }
    this.#pages.set(page.guestAddress, page);
  }

  /**
   * Takes pages back, in the order of guest addresses. A page that the hypervisor keeps stays pinned for ever.
   *
   * @param range of guest addresses; undefined: all. @returns the error of the last page that was kept.
   */
  *takeBack(range?: AddressRange): Running<HostError | undefined> {
    const pages = [...this.#pages.values()]
      .filter(({ guestAddress: start, size }) => range === undefined || overlaps({ start, size }, range))
      .sort((left, right) => (left.guestAddress < right.guestAddress ? -1 : 1));
    let failure: HostError | undefined;
    for (const { guestAddress } of pages) this.#pages.delete(guestAddress);
    for (const [index, page] of pages.entries()) {
      try {
        const moreFollows = index + 1 < pages.length;
        yield* this.#again(() => this.#mapping('addrspace_unmap', page, moreFollows ? NO_SYNC : 0));
        yield* this.#again(() => this.#donateBack(page, moreFollows));
        page.release();
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        failure = error;
        this.#vm.hazards.report(vmHazards.pages_pinned, page.path, {
          offset: Number(page.address),
          expected: `${this.#vm.setup.userProcess.name} again`,
          actual: error.message,
        });
      }
    }
    return failure;
  }

  /** Linux tries once. The careful manager tries again before it gives a page up. */
  *#again(step: () => Running<void>): Running<void> {
    const error = yield* attempt(step());
    if (error === undefined) return;
    if (!this.#vm.careful) throw error;
    yield* step();
  }

  /** Whether the VM, or RM on its behalf, has the page at a guest address. */
  #hasPage(start: bigint): boolean {
    const isThere = ({ guestAddress, size }: Piece) => guestAddress <= start && start < guestAddress + size;
    if (this.#piecesWithRm().some(isThere)) return true;
    return pieceSizes.some((size) => {
      const page = this.#pages.get(start - (start % size));
      return page !== undefined && isThere(page);
    });
  }

  #piecesWithRm(): Piece[] {
    const { devicetreeParcel, firmwareParcel } = this.#vm;
    return [devicetreeParcel, firmwareParcel].flatMap((parcel) => parcel?.options.pieces ?? []);
  }

  *#give(page: Page): Running<void> {
    const { from, to } = this.#extentsOf(page);
    yield* hypercall({
      name: 'memextent_donate',
      options: page.shared ? DonateType.TO_SIBLING : DonateType.TO_PROTECTED,
      from: from.cap_id,
      to: to.cap_id,
      address: page.address,
      size: page.size,
    });
    try {
      yield* this.#mapping('addrspace_map', page, 0);
    } catch (error) {
      yield* this.#again(() => this.#donateBack(page, false));
      throw error;
    }
  }

  *#mapping(name: 'addrspace_map' | 'addrspace_unmap', page: Page, options: number): Running<void> {
    const { guestAddress, address, size, shared } = page;
    const flags = MapFlag.PARTIAL + (shared ? MapFlag.VMMIO : MapFlag.PRIVATE) + options;
    const access = attributes[shared ? 'shared' : 'private'][page.writable ? 'writable' : 'readable'];
    const addrspace = this.#resource(addressSpace).cap_id;
    const extent = this.#extentsOf(page).to.cap_id;
    const mapping = { addrspace, extent, guestAddress, attributes: access, flags, address, size };
    yield* hypercall({ name, ...mapping });
  }

  *#donateBack(page: Page, moreFollows: boolean): Running<void> {
    const { from, to } = this.#extentsOf(page);
    const options =
      (page.shared ? DonateType.TO_SIBLING : DonateType.FROM_PROTECTED) + (moreFollows ? NO_SYNC : 0);
    const { address, size } = page;
    yield* hypercall({ name: 'memextent_donate', options, from: to.cap_id, to: from.cap_id, address, size });
  }

  /** The extents between which a page moves when it is given to the guest. */
  #extentsOf({ shared }: Page) {
    return {
      from: this.#resource(shared ? extents.hostShared : extents.hostPrivate),
      to: this.#resource(shared ? extents.guestShared : extents.guestPrivate),
    };
  }

  #resource(ticket: Ticket): HypResource {
    const resource = this.#vm.resources.of(ticket);
    if (resource !== undefined) return resource;
    const expected = `resource ${ticket.type} label ${ticket.label}`;
    throw refuser('hypercall', this.#vm.path)('ENODEV', 'resource', expected, 'none');
  }
}

function* hypercall(effect: Hypercall): Running<void> {
  yield { kind: 'hypercall', hypercall: effect };
}

function pagesOf(parcel: Parcel): Page[] {
  const { pieces, rights } = parcel.options;
  const facts = { path: parcel.path, shared: parcel.isShared, writable: (rights & memRights.bits.W) !== 0 };
  return pieces.map((piece) => ({ ...piece, ...facts }));
}
