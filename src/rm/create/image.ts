import type { VmConfigImageRequest } from '../../../schemas/index.js';
import { WireError } from '../../base/error.js';
import { type DtNode, parseFdt, tryFdtHeader } from '../../devicetree/index.js';
import { AuthMech, MemType, RmError } from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { Parcel } from '../parcels/parcel.js';
import { type Vm, VmConfig } from '../vm.js';

/** Authentication mechanisms that RM knows. */
const MECHANISMS: readonly number[] = Object.values(AuthMech);
const PAGE_SIZE = 4096n;
const U64_LIMIT = 1n << 64n;
/**
 * Largest blob that is read, in bytes. RM has no limit of its own but its address space; Linux boots with 2 MiB at most
 * (Documentation/arch/arm64/booting.rst). The tree takes up to some 15 times the blob in memory.
 */
const BLOB_SIZE_MAX = 1 << 24;
const FDT_HEADER_SIZE = 40;

/** Checks and stores where a VM's image and devicetree are (rm-internals.md, section 2). */
export function configureImage(rm: MemoryContext, vm: Vm, request: VmConfigImageRequest): number {
  const { mem_handle: handle, auth_mech, dtb_offset: dtOffset, dtb_size: dtSize } = request;
  const parcel = rm.parcels.get(handle);
  if (parcel?.participant(vm.vmid) === undefined) return RmError.MEM_INVALID;
  vm.memorySize = parcel.totalSize;
  vm.memoryKnown = true;
  const size = BigInt(parcel.totalSize);
  if (!inside(request.image_offset, request.image_size, size) || !inside(dtOffset, dtSize, size)) {
    vm.image = { handle, dtOffset: 0n, dtSize: 0n };
    return RmError.ARGUMENT_INVALID;
  }
  vm.image = { handle, dtOffset, dtSize };
  const known = MECHANISMS.includes(auth_mech);
  if (!known && rm.careful) return RmError.ARGUMENT_INVALID;
  rm.hypervisor.memory.abandon(vm.vmid);
  vm.life = {};
  vm.config = new VmConfig();
  vm.config.halfMade = !known;
  if (!known) return RmError.ARGUMENT_INVALID;
  vm.authentication = auth_mech;
  if (auth_mech === AuthMech.QCOM_ANDROID_PVM) vm.sensitive = true;
  return RmError.OK;
}

function inside(offset: bigint, size: bigint, limit: bigint): boolean {
  return offset + size < U64_LIMIT && offset + size <= limit;
}

/** The devicetree blob as it is in memory, and where each byte of it can be written back. */
export interface MappedTree {
  readonly parcel: Parcel;
  readonly blob: Uint8Array;
}

/**
 * Maps a VM's devicetree for RM and checks its header (rm-internals.md, section 3, step 1).
 *
 * @returns undefined when anything about it is unusable.
 */
export function mapTree(rm: MemoryContext, vm: Vm): MappedTree | undefined {
  const image = vm.image;
  const parcel = image === undefined ? undefined : rm.parcels.get(image.handle);
  if (image === undefined || parcel === undefined) return undefined;
  const { dtOffset, dtSize } = image;
  if (dtSize === 0n || dtSize % PAGE_SIZE !== 0n || dtOffset % PAGE_SIZE !== 0n) return undefined;
  if (dtOffset + dtSize > BigInt(vm.memorySize) || parcel.memType !== MemType.NORMAL) return undefined;
  const available = parcel.regions.reduce((sum, region) => sum + region.size, 0);
  if (dtOffset + dtSize > BigInt(available) || !parcel.slots.hasFree) return undefined;
  const start = new Uint8Array(FDT_HEADER_SIZE);
  readParcel(rm, parcel, Number(dtOffset), start);
  const header = tryFdtHeader(start, Math.min(Number(dtSize), BLOB_SIZE_MAX));
  if ('code' in header) return undefined;
  const blob = new Uint8Array(header.totalSize);
  readParcel(rm, parcel, Number(dtOffset), blob);
  return { parcel, blob };
}

/** The tree in a blob, undefined when its structure is broken. */
export function treeOf(mapped: MappedTree): DtNode | undefined {
  try {
    return parseFdt(mapped.blob);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Copies from a parcel's memory, region by region. */
function readParcel(rm: MemoryContext, parcel: Parcel, offset: number, target: Uint8Array): void {
  walkParcel(parcel, offset, target.byteLength, (phys, done, size) =>
    rm.hypervisor.readMemory(phys, target.subarray(done, done + size)),
  );
}

/** Writes into a parcel's memory, region by region. */
export function writeParcel(rm: MemoryContext, parcel: Parcel, offset: number, bytes: Uint8Array): void {
  walkParcel(parcel, offset, bytes.byteLength, (phys, done, size) =>
    rm.hypervisor.writeMemory(phys, bytes.subarray(done, done + size)),
  );
}

function walkParcel(
  parcel: Parcel,
  offset: number,
  size: number,
  visit: (phys: number, done: number, size: number) => void,
): void {
  let skip = offset;
  let done = 0;
  for (const region of parcel.regions) {
    if (done === size) return;
    if (skip >= region.size) {
      skip -= region.size;
      continue;
    }
    const part = Math.min(region.size - skip, size - done);
    visit(region.phys + skip, done, part);
    done += part;
    skip = 0;
  }
}
