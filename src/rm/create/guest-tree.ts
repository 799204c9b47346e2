import { type DtNode, sourceOf, writeFdt } from '../../devicetree/index.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';
import { type MappedTree, writeParcel } from './image.js';

/**
 * Overwrites the blob in memory with the guest's tree. Of what RM adds only the part that later requests can see is
 * made: the `/hypervisor` node, which makes a second start from the same memory fail (rm-internals.md, section 4).
 */
export function writeGuestTree(rm: MemoryContext, vm: Vm, { parcel }: MappedTree, root: DtNode): void {
  const { properties, children } = sourceOf(root);
  const hypervisor = { properties: [], children: [] };
  const blob = writeFdt({ properties, children: [...children, ['hypervisor', hypervisor]] });
  writeParcel(rm, parcel, Number(vm.image?.dtOffset ?? 0n), blob);
}
