import { latin1 } from '../base/text.js';
import { type DtNode, type DtProperty, type FdtHeader, readFdtHeader, reserveBlockSize } from './fdt.js';
import { NameBlock } from './names.js';
import { nodeAt, nodeByPhandle, walk } from './node.js';
import { cellsValue, type TreeSource, textValue, writeFdt } from './write.js';

/** A tree under construction. */
export interface MutableTree extends TreeSource {
  readonly properties: [name: string, value: Uint8Array][];
  readonly children: [name: string, node: MutableTree][];
}

/** Properties and nodes that an overlay adds to one node of a tree. */
export interface Fragment {
  /** Path or phandle of that node. */
  readonly target: string | number;
  readonly content: MutableTree;
}

const TOKEN_SIZE = 4;
const PROPERTY_HEADER_SIZE = 12;
const HEADER_SIZE = 40;
const RESERVE_ENTRY_SIZE = 16;
/** An overlay without fragments: header, reservations, tokens of the root, and the room that RM leaves. */
const OVERLAY_SIZE = 80;

export function newNode(): MutableTree {
  return { properties: [], children: [] };
}

/** The child of that name, made behind the others if there is none. */
export function childOf(node: MutableTree, name: string): MutableTree {
  const found = node.children.find(([key]) => key === name);
  if (found !== undefined) return found[1];
  const made = newNode();
  node.children.push([name, made]);
  return made;
}

/** The name of a fragment, which is in the paths of what it adds. */
export function fragmentName(index: number): string {
  return `fragment@${index}`;
}

/**
 * Size of an overlay as libfdt writes it one after the other, in bytes.
 *
 * @param localFixups nodes of `__local_fixups__`: where the fragments hold phandles.
 */
export function overlaySize(fragments: readonly Fragment[], localFixups: MutableTree): number {
  const names = new NameBlock('', true);
  let size = OVERLAY_SIZE;
  for (const [index, { target, content }] of fragments.entries()) {
    const [name, value] =
      typeof target === 'string' ? ['target-path', textValue(target)] : ['target', cellsValue(target)];
    const fragment: TreeSource = { properties: [[name, value]], children: [['__overlay__', content]] };
    size += nodeSize(fragmentName(index), fragment, names);
  }
  size += nodeSize('__fixups__', { properties: [], children: [] }, names);
  return size + nodeSize('__local_fixups__', localFixups, names) + names.size;
}

function nodeSize(name: string, { properties, children }: TreeSource, names: NameBlock): number {
  let size = emptyNodeSize(name);
  for (const [key, value] of properties) size += propertySize(key, value, names);
  for (const [key, node] of children) size += nodeSize(key, node, names);
  return size;
}

function emptyNodeSize(name: string): number {
  return 2 * TOKEN_SIZE + align4(name.length + 1);
}

function propertySize(name: string, value: Uint8Array, names: NameBlock): number {
  names.offsetOf(name);
  return PROPERTY_HEADER_SIZE + align4(value.byteLength);
}

function align4(size: number): number {
  return (size + 3) & ~3;
}

/** A tree with an overlay applied. */
export interface OverlaidTree {
  readonly blob: Uint8Array;
  /** Bytes that libfdt needs for it, without free space. */
  readonly size: number;
}

/**
 * Applies fragments to a tree in libfdt's way: new nodes stand before the older ones of their parent, and a name without
 * a unit address finds a node with one.
 *
 * @param root what `blob` holds.
 * @returns undefined if a target does not exist.
 */
export function applyOverlay(
  blob: Uint8Array,
  root: DtNode,
  fragments: readonly Fragment[],
): OverlaidTree | undefined {
  const header = readFdtHeader(blob);
  const copies = copyOf(root);
  const names = new NameBlock(stringsOf(blob, header), true);
  const reservations = Math.max(RESERVE_ENTRY_SIZE, reserveBlockSize(blob, header));
  let size = HEADER_SIZE + reservations + header.structSize;
  for (const { target, content } of fragments) {
    // What earlier fragments have added is no target of a later one.
    const node = typeof target === 'string' ? nodeAt(root, target) : nodeByPhandle(root, target);
    const copy = node === undefined ? undefined : copies.get(node);
    if (copy === undefined) return undefined;
    size += merge(copy, content, names);
  }
  const tree = copies.get(root) as MutableTree;
  return { blob: writeFdt(tree, 0, names), size: size + names.size };
}

/** Adds properties and nodes to a node. @returns the bytes that the structure block grows by. */
function merge(node: MutableTree, { properties, children }: TreeSource, names: NameBlock): number {
  let growth = 0;
  for (const [name, value] of properties) {
    const old = node.properties.find(([key]) => key === name);
    if (old === undefined) {
      growth += propertySize(name, value, names);
      node.properties.unshift([name, value]);
    } else {
      growth += align4(value.byteLength) - align4(old[1].byteLength);
      old[1] = value;
    }
  }
  for (const [name, added] of children) {
    let child = node.children.find(([key]) => key === name || isWithoutUnit(name, key))?.[1];
    if (child === undefined) {
      child = newNode();
      node.children.unshift([name, child]);
      growth += emptyNodeSize(name);
    }
    growth += merge(child, added, names);
  }
  return growth;
}

/** Whether a name without a unit address means a node that has one. */
function isWithoutUnit(name: string, key: string): boolean {
  return !name.includes('@') && key.startsWith(`${name}@`);
}

/** Copies of all nodes of a tree. */
function copyOf(root: DtNode): ReadonlyMap<DtNode, MutableTree> {
  /** Names of properties by their offset: most nodes have properties of the same names. */
  const names = new Map<number, string>();
  const nameOf = (property: DtProperty): string => {
    let name = names.get(property.nameAt);
    if (name === undefined) {
      name = property.name;
      names.set(property.nameAt, name);
    }
    return name;
  };
  const copies = new Map<DtNode, MutableTree>();
  for (const node of walk(root)) {
    const copy: MutableTree = {
      properties: node.properties.map((property) => [nameOf(property), property.value]),
      children: [],
    };
    copies.set(node, copy);
    if (node.parent !== undefined) copies.get(node.parent)?.children.push([node.name, copy]);
  }
  return copies;
}

function stringsOf(blob: Uint8Array, { stringsOffset, stringsSize }: FdtHeader): string {
  return latin1(blob, stringsOffset, stringsOffset + stringsSize);
}
