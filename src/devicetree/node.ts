import { latin1 } from '../base/text.js';
import { bigEndianAt, type Cells, type DtNode, type DtProperty, type FoundOfNode } from './fdt.js';

/** The first property of that name. */
export function findProperty(node: DtNode, name: string): DtProperty | undefined {
  for (const entry of node.properties) if (entry.isNamed(name)) return entry;
  return undefined;
}

/** Value of the first property of that name. */
export function property(node: DtNode, name: string): Uint8Array | undefined {
  return findProperty(node, name)?.value;
}

/** Whether the property is there, whatever its value (also empty). */
export function hasProperty(node: DtNode, name: string): boolean {
  return findProperty(node, name) !== undefined;
}

/** Number of whole 32-bit cells in a value; a remainder of 1 to 3 bytes is not counted. */
export function cellCount(value: Uint8Array): number {
  return value.byteLength >>> 2;
}

/** Big-endian cell at an index; the caller has checked the size. */
export function cellAt(value: Uint8Array, index: number): number {
  return bigEndianAt(value, index * 4);
}

/** A property of exactly one cell, else undefined. */
export function cell(node: DtNode, name: string): number | undefined {
  return findProperty(node, name)?.cell;
}

const DEFAULT_ADDRESS_CELLS = 2;
const DEFAULT_SIZE_CELLS = 1;

/** Cells of the numbers of a node that has no parent. */
export const defaultCells: Cells = { address: DEFAULT_ADDRESS_CELLS, size: DEFAULT_SIZE_CELLS };

function foundOf(node: DtNode): FoundOfNode {
  node.found ??= {};
  return node.found;
}

/** Cells that a node declares for its children. Every child asks for them: they are looked up once. */
export function declaredCells(node: DtNode): Cells {
  const found = foundOf(node);
  found.cells ??= {
    address: cell(node, '#address-cells') ?? DEFAULT_ADDRESS_CELLS,
    size: cell(node, '#size-cells') ?? DEFAULT_SIZE_CELLS,
  };
  return found.cells;
}

/** `cells` cells (1 or 2) at an index, as one number. */
export function numberAt(value: Uint8Array, index: number, cells: number): bigint {
  if (cells === 1) return BigInt(cellAt(value, index));
  return (BigInt(cellAt(value, index)) << 32n) | BigInt(cellAt(value, index + 1));
}

/** First string of a property; undefined when absent or when its NUL is not inside the property. */
export function string(node: DtNode, name: string): string | undefined {
  const value = property(node, name);
  return value === undefined ? undefined : stringAt(value, 0)?.text;
}

/** The strings of a string list; `terminated` is false when bytes without a NUL are left at the end. */
export function strings(value: Uint8Array): {
  readonly list: readonly string[];
  readonly terminated: boolean;
} {
  const list: string[] = [];
  let at = 0;
  while (at < value.byteLength) {
    const found = stringAt(value, at);
    if (found === undefined) return { list, terminated: false };
    list.push(found.text);
    at = found.next;
  }
  return { list, terminated: true };
}

/**
 * Whether `compatible` contains a text, compared whole. Its last text needs no NUL: the byte behind a property is zero,
 * and RM reads it (rm-lives.md, section 8).
 */
export function isCompatible(node: DtNode, text: string): boolean {
  return contains(node, 'compatible', text, true);
}

/**
 * Whether a string list property contains a text, compared whole.
 *
 * @param openEnd the last text counts without its NUL.
 */
export function contains(node: DtNode, name: string, text: string, openEnd = false): boolean {
  return findProperty(node, name)?.contains(text, openEnd) === true;
}

/** Path from the root (`/`, `/cpus/cpu@0`). Its length grows with the level, so do not ask for it at every node. */
export function pathOf(node: DtNode): string {
  if (node.parent === undefined) return '/';
  let path = '';
  for (let at: DtNode = node; at.parent !== undefined; at = at.parent) path = `/${at.name}${path}`;
  return path;
}

/** Nodes with more children than this get an index of their names at the first question. */
const UNINDEXED_MAX = 16;

/** Child of that name: exact, or without its unit address when the name asked for has none. The first of several. */
export function child(node: DtNode, name: string): DtNode | undefined {
  if (node.children.length > UNINDEXED_MAX) {
    const found = foundOf(node);
    found.childrenByName ??= nameIndex(node);
    return found.childrenByName.get(name);
  }
  const bare = !name.includes('@');
  return node.children.find((entry) => entry.name === name || (bare && entry.name.startsWith(`${name}@`)));
}

function nameIndex(node: DtNode): ReadonlyMap<string, DtNode> {
  const index = new Map<string, DtNode>();
  for (const entry of node.children) {
    const bare = entry.name.split('@', 1)[0] as string;
    for (const name of [entry.name, bare]) if (!index.has(name)) index.set(name, entry);
  }
  return index;
}

/**
 * Node at a path (`/cpus`); component matching as in {@link child}. A path that does not begin with `/` begins
 * with an alias, whose own value must be such a path.
 */
export function nodeAt(root: DtNode, path: string): DtNode | undefined {
  const parts = path.split('/');
  let at: DtNode | undefined = root;
  if (!path.startsWith('/')) {
    const aliases = child(root, 'aliases');
    const target = aliases === undefined ? undefined : string(aliases, parts.shift() ?? '');
    at = target?.startsWith('/') === true ? nodeAt(root, target) : undefined;
  }
  for (const part of parts) if (part !== '') at = at === undefined ? undefined : child(at, part);
  return at;
}

/** First node, depth first, whose `phandle` (or `linux,phandle`) is that number. The tree is walked once. */
export function nodeByPhandle(root: DtNode, phandle: number): DtNode | undefined {
  const found = foundOf(root);
  found.nodesByPhandle ??= phandleIndex(root);
  return found.nodesByPhandle.get(phandle);
}

function phandleIndex(root: DtNode): ReadonlyMap<number, DtNode> {
  const index = new Map<number, DtNode>();
  for (const node of walk(root)) {
    const own = cell(node, 'phandle') ?? cell(node, 'linux,phandle');
    if (own !== undefined && !index.has(own)) index.set(own, node);
  }
  return index;
}

/** Every node, depth first, in tree order; does not recurse. */
export function* walk(root: DtNode): Generator<DtNode> {
  const pending: DtNode[] = [root];
  for (;;) {
    const node = pending.pop();
    if (node === undefined) return;
    yield node;
    for (let index = node.children.length - 1; index >= 0; index--)
      pending.push(node.children[index] as DtNode);
  }
}

function stringAt(value: Uint8Array, start: number): { text: string; next: number } | undefined {
  const stop = value.indexOf(0, start);
  if (stop < 0) return undefined;
  return { text: latin1(value, start, stop), next: stop + 1 };
}
