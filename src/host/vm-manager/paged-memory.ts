import { type HypResource, memRights, resourceType } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import { type AddressRange, hex, overlaps, PAGE } from './addresses.js';
import type { Backing } from './backing.js';
import type { Hypercall, Running } from './effects.js';
import { vmHazards } from './hazards.js';
import type { Parcel, Piece } from './parcel.js';
import { refusal } from './refusal.js';
import type { Ticket } from './resources.js';
import type { GunyahVm } from './vm.js';

const { ADDR_SPACE, MEM_EXTENT } = resourceType.values;

/** Resources that paging works with (client.md, section 9). */
const addressSpace: Ticket = { type: ADDR_SPACE, label: 0 };
const extents = {
  guestPrivate: { type: MEM_EXTENT, label: 0 },
  hostShared: { type: MEM_EXTENT, label: 1 },
  hostPrivate: { type: MEM_EXTENT, label: 2 },
  guestShared: { type: MEM_EXTENT, label: 3 },
} as const satisfies Readonly<Record<string, Ticket>>;

/** Options of a memory extent's donation, and of mapping (include/linux/gunyah.h, v17). */
const donate = { TO_SIBLING: 2, TO_PROTECTED: 3, FROM_PROTECTED: 4 } as const;
const map = { PARTIAL: 1, PRIVATE: 2, VMMIO: 4 } as const;
/** More of the same follows: the hypervisor need not wait until all cores know. */
const NO_SYNC = 2 ** 31;

/** Memory that the VM has and that only the hypervisor, not RM, gives back: a page, or a folio of guest memory. */
interface Page extends Piece {
  readonly path: string;
  readonly shared: boolean;
}

/** Memory of a running VM that comes and goes by hypercalls (v17, a15). */
export class PagedMemory {
  readonly #vm: GunyahVm;
  #pages: readonly Page[] = [];

  constructor(vm: GunyahVm) {
    this.#vm = vm;
    if (vm.generation.memory === 'regions') return;
    for (const ticket of [addressSpace, ...Object.values(extents)]) vm.resources.addTicket(ticket);
  }

  /** Whether the VM has memory of a range, or RM has on its behalf. */
  isUsing(range: AddressRange): boolean {
    const { devicetreeParcel, firmwareParcel } = this.#vm;
    return [devicetreeParcel, firmwareParcel]
      .flatMap((parcel) => (parcel === undefined ? [] : pagesOf(parcel)))
      .concat(this.#pages)
      .some(({ guestAddress: start, size }) => overlaps({ start, size }, range));
  }

  /** A parcel of a VM that has started is one no more: its memory comes back by hypercalls. */
  convert(parcel: Parcel): void {
    this.#pages = inOrder([...this.#pages, ...pagesOf(parcel)]);
  }

  /**
   * The VM has touched memory that it has not got yet: a page of the backing goes to it. ENOENT where nothing backs the
   * address, EPERM for a write that is not allowed, EAGAIN if it has come meanwhile, ENODEV before the resources are
   * known.
   */
  *fault(backing: Backing | undefined, guestAddress: bigint, isWrite: boolean): Running<void> {
    const call = 'VCPU_RUN';
    const start = guestAddress - (guestAddress % PAGE);
    const refuse = (errno: 'ENOENT' | 'EPERM' | 'EAGAIN', expected: string) =>
      refusal(call, errno, {
        code: 'page',
        path: backing?.path ?? this.#vm.path,
        offset: start,
        expected,
        actual: hex(guestAddress),
      });
    if (backing === undefined) throw refuse('ENOENT', 'a backed address');
    if (isWrite && (backing.rights & memRights.bits.W) === 0) throw refuse('EPERM', 'no write');
    if (this.isUsing({ start, size: PAGE })) throw refuse('EAGAIN', 'a page that is missing');
    const [piece] = backing.take(call, { start, size: PAGE }) as [Piece];
    const page: Page = { ...piece, path: backing.path, shared: !backing.lent };
    try {
      yield* this.#give(page);
    } catch (error) {
      page.release();
      throw error;
    }
    this.#pages = inOrder([...this.#pages, page]);
  }

  /** Takes everything back, by rising guest address. What the hypervisor keeps stays pinned for ever. */
  *takeBack(): Running<void> {
    const pages = this.#pages;
    this.#pages = [];
    for (const [index, page] of pages.entries()) {
      try {
        yield* this.#unmap(page, index + 1 < pages.length);
        yield* this.#donateBack(page, index + 1 < pages.length);
        page.release();
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        this.#vm.find(vmHazards.pages_pinned, page.path, {
          offset: Number(page.address),
          expected: `${this.#vm.setup.userProcess.name} again`,
          actual: error.message,
        });
      }
    }
  }

  *#give(page: Page): Running<void> {
    const { from, to } = this.#extentsOf(page);
    yield* hypercall({
      name: 'memextent_donate',
      options: page.shared ? donate.TO_SIBLING : donate.TO_PROTECTED,
      from: from.cap_id,
      to: to.cap_id,
      address: page.address,
      size: page.size,
    });
    try {
      yield* this.#mapping('addrspace_map', page, 0);
    } catch (error) {
      yield* this.#donateBack(page, false);
      throw error;
    }
  }

  #unmap(page: Page, moreFollows: boolean): Running<void> {
    return this.#mapping('addrspace_unmap', page, moreFollows ? NO_SYNC : 0);
  }

  *#mapping(name: 'addrspace_map' | 'addrspace_unmap', page: Page, options: number): Running<void> {
    const { guestAddress, address, size, shared } = page;
    const flags = map.PARTIAL + (shared ? map.VMMIO : map.PRIVATE) + options;
    const addrspace = this.#resource(addressSpace).cap_id;
    const extent = this.#extentsOf(page).to.cap_id;
    yield* hypercall({ name, addrspace, extent, guestAddress, flags, address, size });
  }

  *#donateBack(page: Page, moreFollows: boolean): Running<void> {
    const { from, to } = this.#extentsOf(page);
    const options = (page.shared ? donate.TO_SIBLING : donate.FROM_PROTECTED) + (moreFollows ? NO_SYNC : 0);
    const { address, size } = page;
    yield* hypercall({ name: 'memextent_donate', options, from: to.cap_id, to: from.cap_id, address, size });
  }

  /** Host's and guest's extent, in the direction in which a page comes to the guest. */
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
    throw refusal('hypercall', 'ENODEV', { code: 'resource', path: this.#vm.path, expected, actual: 'none' });
  }
}

function* hypercall(effect: Hypercall): Running<void> {
  yield { kind: 'hypercall', hypercall: effect };
}

function pagesOf(parcel: Parcel): Page[] {
  return parcel.options.pieces.map((piece) => ({ ...piece, path: parcel.path, shared: parcel.isShared }));
}

function inOrder(pages: readonly Page[]): readonly Page[] {
  return [...pages].sort((left, right) => (left.guestAddress < right.guestAddress ? -1 : 1));
}
