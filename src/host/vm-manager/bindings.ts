import { HostError } from '../error.js';
import { type FileRange, finish, type GuestMemoryFile } from '../guest-memory/index.js';
import { failureOf } from '../refusal.js';
import { type AddressRange, hex } from './addresses.js';
import type { Backing } from './backing.js';
import { type Piece, rightsOf } from './parcel.js';

/** Flags of MAP_MEM (client.md, section 8). The low three bits are one number: who gets access. */
export const mapMemFlags = {
  DEFAULT_ACCESS: 0,
  FORCE_LEND: 1,
  FORCE_SHARE: 2,
  ALLOW_READ: 0x10,
  ALLOW_WRITE: 0x20,
  ALLOW_EXEC: 0x40,
  UNMAP: 0x100,
} as const;

export const ACCESS_MASK = 7;

/** Part of a guest memory file that is bound to a range of a VM's guest addresses (v17). */
export class GuestMemoryBinding implements Backing {
  readonly rights: number;
  readonly lent: boolean;
  readonly #holder: () => string;

  constructor(
    readonly file: GuestMemoryFile,
    readonly range: AddressRange,
    /** Of the first byte in the file. */
    readonly offset: bigint,
    /** {@link mapMemFlags} without UNMAP. */
    readonly flags: number,
    /** Name of the VM, for errors of other operations on the file. */
    holder: () => string,
  ) {
    this.#holder = holder;
    this.rights = rightsOf(flags, mapMemFlags);
    this.lent = (flags & ACCESS_MASK) !== mapMemFlags.FORCE_SHARE;
  }

  /** Name of the VM that it is of. */
  get holder(): string {
    return this.#holder();
  }

  get path(): string {
    return `binding[${hex(this.range.start)}]`;
  }

  /** Its range in the file, in bytes. */
  get part(): AddressRange {
    return { start: this.offset, size: this.range.size };
  }

  /** This binding, reduced to the guest addresses [start, end). */
  trimmed(start: bigint, end: bigint): GuestMemoryBinding {
    const offset = this.offset + (start - this.range.start);
    return new GuestMemoryBinding(this.file, { start, size: end - start }, offset, this.flags, this.#holder);
  }

  /** @throws HostError: EBUSY when the host uses a page that is to be lent, ENOMEM, EINVAL beyond the file's end. */
  take(call: string, part: AddressRange): readonly Piece[] {
    const { file } = this;
    const offset = Number(this.offset + (part.start - this.range.start));
    const range = file.folioRange(call, { offset, size: Number(part.size) });
    const first = part.start - BigInt(offset - range.offset);
    const { holder } = this;
    try {
      if (this.lent) finish(file.makeInaccessible(holder, range));
      finish(file.hold(this.lent ? 'loan' : 'use', holder, range));
      let at = 0;
      return file.entries(call, range).map(({ address, size }) => {
        const part = { offset: range.offset + at, size };
        const guestAddress = first + BigInt(at);
        at += size;
        const release = () => this.#giveBack(holder, part);
        return { guestAddress, address: BigInt(address), size: BigInt(size), release };
      });
    } catch (error) {
      throw error instanceof HostError ? failureOf(call, error, this.path) : error;
    }
  }

  #giveBack(holder: string, range: FileRange): void {
    finish(this.file.drop(this.lent ? 'loan' : 'use', holder, range));
    if (this.lent) finish(this.file.makeAccessible(holder, range));
  }
}

/** The bindings of each guest memory file, of all VMs: no part of a file is bound twice. */
export class FileBindings {
  readonly #bindings = new WeakMap<GuestMemoryFile, readonly GuestMemoryBinding[]>();

  of(file: GuestMemoryFile): readonly GuestMemoryBinding[] {
    return this.#bindings.get(file) ?? [];
  }

  add(binding: GuestMemoryBinding): void {
    this.#bindings.set(binding.file, [...this.of(binding.file), binding]);
  }

  remove(binding: GuestMemoryBinding): void {
    this.#bindings.set(
      binding.file,
      this.of(binding.file).filter((other) => other !== binding),
    );
  }
}
