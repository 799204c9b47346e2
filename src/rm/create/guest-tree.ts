import { readFdtHeader, reserveBlockSize } from '../../devicetree/index.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';
import { type MappedTree, writeParcel } from './image.js';

const HEADER_SIZE = 40;
const STRUCT_VERSION = 17;
const BEGIN_NODE = 1;
const END_NODE = 2;
const END = 9;
const NODE_NAME = 'hypervisor';

/**
 * Overwrites the blob in memory with the guest's tree. Of that tree only what later requests can see is made: the
 * `/hypervisor` node, which makes a second start from the same memory fail (rm-internals.md, section 4).
 */
export function writeGuestTree(rm: MemoryContext, vm: Vm, mapped: MappedTree): void {
  const offset = Number(vm.image?.dtOffset ?? 0n);
  writeParcel(rm, mapped.parcel, offset, withHypervisorNode(mapped.blob));
}

/** The blob with an empty `/hypervisor` node at the end of its root, blocks in the usual order. */
function withHypervisorNode(blob: Uint8Array): Uint8Array {
  const header = readFdtHeader(blob);
  const source = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const reserveSize = Math.max(16, reserveBlockSize(blob, header));
  const reserveOffset = source.getUint32(16);
  const last = rootEnd(source, header.structOffset, header.structSize);
  const node = nodeBytes();
  const structSize = last - header.structOffset + node.byteLength + 8;
  const total = HEADER_SIZE + reserveSize + structSize + header.stringsSize;
  const result = new Uint8Array(total);
  const view = new DataView(result.buffer);
  result.set(blob.subarray(0, HEADER_SIZE));
  result.set(blob.subarray(reserveOffset, reserveOffset + reserveSize), HEADER_SIZE);
  const structOffset = HEADER_SIZE + reserveSize;
  result.set(blob.subarray(header.structOffset, last), structOffset);
  let at = structOffset + (last - header.structOffset);
  result.set(node, at);
  at += node.byteLength;
  view.setUint32(at, END_NODE);
  view.setUint32(at + 4, END);
  at += 8;
  result.set(blob.subarray(header.stringsOffset, header.stringsOffset + header.stringsSize), at);
  view.setUint32(4, total);
  view.setUint32(8, structOffset);
  view.setUint32(12, at);
  view.setUint32(16, HEADER_SIZE);
  view.setUint32(20, STRUCT_VERSION);
  view.setUint32(36, structSize);
  return result;
}

/** Offset of the END_NODE token that closes the root: the last one before the block's END. */
function rootEnd(view: DataView, offset: number, size: number): number {
  let at = offset + size - 4;
  while (at > offset && view.getUint32(at) !== END_NODE) at -= 4;
  return at;
}

function nodeBytes(): Uint8Array {
  const nameSize = (NODE_NAME.length + 4) & ~3;
  const bytes = new Uint8Array(4 + nameSize + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BEGIN_NODE);
  for (let index = 0; index < NODE_NAME.length; index++) bytes[4 + index] = NODE_NAME.charCodeAt(index);
  view.setUint32(4 + nameSize, END_NODE);
  return bytes;
}
