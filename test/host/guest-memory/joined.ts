import { HostError } from '../../../src/host/error.js';
import { finish, GuestMemoryFile, type HoldKind } from '../../../src/host/guest-memory/index.js';
import { PhysicalMemory, type Transition } from '../../../src/hypervisor/index.js';
import { hostPages } from './host-pages.js';
import { PAGE } from './machine.js';

export const HOST = 3;
const VM = 128;
export const BASE = 0x80000000;

export interface Options {
  readonly size?: number;
  readonly flags?: bigint;
  /** Pages of memory that are free. */
  readonly pages?: number;
  /** First physical address that the file gets. */
  readonly start?: number;
}

/** A file, and the hypervisor with the same pages. */
export function machine({ size = 4 * PAGE, flags = 0n, pages = 4096, start = BASE }: Options = {}) {
  const memory = new PhysicalMemory({ joinsBlocks: true });
  memory.add('normal', BASE, 4096 * PAGE, HOST);
  let next = start;
  const freed: number[] = [];
  const allocate = (folioSize: number) => {
    const address = Math.ceil(next / folioSize) * folioSize;
    if (address + folioSize > start + pages * PAGE) return undefined;
    next = address + folioSize;
    return address;
  };
  const file = new GuestMemoryFile({
    size,
    flags,
    removeFromDirectMap: true,
    allocate,
    free: (address) => freed.push(address),
    pages: hostPages(memory, HOST),
  });
  return { memory, file, freed };
}

export const page = (index: number, count = 1) => ({ offset: index * PAGE, size: count * PAGE });

/** Of the page at an address of the host. */
export function transition(address: number, size = PAGE): Transition {
  return {
    kind: 'normal',
    source: { owner: HOST, address },
    target: { owner: VM, address: address - BASE },
    size,
  };
}

export function failure(action: () => unknown) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return [error.errno, error.path, error.actual];
  }
  throw new Error('no error');
}

export const hold = (file: GuestMemoryFile, kind: HoldKind, holder: string, index: number) =>
  finish(file.hold(kind, holder, page(index)));
