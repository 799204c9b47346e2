import type { Random } from '../../base/random.js';
import { cellsValue, emptyValue, textValue } from '../../devicetree/index.js';
import { contentOf, type NodeKind, nodeProperties, type PropertyContent } from './node-properties.js';
import { nodesOf, type TreeNode } from './tree-node.js';

/** One mutation of a devicetree: of a property, of a node (no property), or of the blob (no kind). */
export interface TreeMutation {
  readonly kind: NodeKind | undefined;
  readonly property: string | undefined;
  readonly name: string;
}

type Change = (value: Uint8Array, random: Random) => Uint8Array;

/** Mutations of properties that hold cells. */
const cellChanges: Readonly<Record<string, Change>> = {
  empty: () => emptyValue,
  short: (value) => value.slice(0, Math.max(0, value.length - 4)),
  cut: (value) => value.slice(0, Math.max(0, value.length - 1)),
  long: (value) => Uint8Array.of(...value, 0, 0, 0, 0),
  zero: (value) => new Uint8Array(value.length),
  ones: (value) => new Uint8Array(value.length).fill(0xff),
  one_less: (value) => added(value, -1),
  one_more: (value) => added(value, 1),
  // Still a multiple of most units, but no power of two.
  half_more: (value) => added(value, lastCell(value) >>> 1),
  small: (value) => lastReplaced(value, 1 + (lastCell(value) & 0xf)),
  large: (value) => lastReplaced(value, 0x40000000),
};

/** Mutations of texts. */
const textChanges: Readonly<Record<string, Change>> = {
  empty: () => emptyValue,
  cut: (value) => value.slice(0, Math.max(0, value.length - 1)),
  no_text: (value) => new Uint8Array(value.length).fill(0xff),
  first_word: (value) => textValue(new TextDecoder().decode(value).split(/[:\0]/)[0] ?? ''),
  long_text: (_value, random) => textValue('x'.repeat(79 + random.below(2) * 177)),
  other_text: () => textValue('other'),
  list: (value) => textValue('other', new TextDecoder().decode(value).replace(/\0$/, '')),
};

/** Mutations of properties without a value. */
const flagChanges: Readonly<Record<string, Change>> = { long: () => new Uint8Array(4) };

const changes: Readonly<Record<PropertyContent, Readonly<Record<string, Change>>>> = {
  cells: cellChanges,
  text: textChanges,
  flag: flagChanges,
};

function lastCell(value: Uint8Array): number {
  return value.length < 4 ? 0 : new DataView(value.buffer, value.byteOffset).getUint32(value.length - 4);
}

function lastReplaced(value: Uint8Array, cell: number): Uint8Array {
  if (value.length < 4) return cellsValue(cell);
  return Uint8Array.of(...value.subarray(0, value.length - 4), ...cellsValue(cell));
}

function added(value: Uint8Array, number: number): Uint8Array {
  return lastReplaced(value, lastCell(value) + number);
}

/** More than any VM has interrupts for. */
const MANY = 64;
const LEVELS_MAX = 18;

/** Mutations of whole nodes. @param among the node and its siblings. @param at its index there. */
const nodes: Readonly<Record<string, (among: TreeNode['children'], at: number, random: Random) => void>> = {
  no_node: (among, at) => among.splice(at, 1),
  twice: (among, at) => among.splice(at, 0, among[at] as TreeNode['children'][number]),
  many: (among, at) => {
    const [name, node] = among[at] as TreeNode['children'][number];
    among.splice(at, 0, ...Array.from({ length: MANY }, (_, index) => [`${name}-${index}`, node] as const));
  },
  renamed: (among, at) => among.splice(at, 1, ['renamed', (among[at] as TreeNode['children'][number])[1]]),
  childless: (among, at) => {
    (among[at] as TreeNode['children'][number])[1].children = [];
  },
  deeper: (among, at, random) => {
    let [name, node] = among[at] as TreeNode['children'][number];
    for (let level = 1 + random.below(LEVELS_MAX); level > 0; level--) {
      node = { kind: undefined, properties: [], children: [[name, node]] };
      name = `level-${level}`;
    }
    among.splice(at, 1, [name, node]);
  },
};

/** Byte offsets of the header's fields. */
const fieldOffsets: Readonly<Record<string, number>> = {
  magic: 0,
  total_size: 4,
  structure_offset: 8,
  strings_offset: 12,
  version: 20,
  compatible_version: 24,
};

/** All mutations of devicetrees. Case numbers depend on their order. */
export const treeMutations: readonly TreeMutation[] = [
  ...(Object.keys(nodeProperties) as NodeKind[]).flatMap((kind) => [
    ...Object.keys(nodes).map((name) => ({ kind, property: undefined, name })),
    ...nodeProperties[kind].flatMap((part) =>
      ['missing', 'repeated', ...Object.keys(changes[contentOf(part)])].map((name) => ({
        kind,
        property: part.name,
        name,
      })),
    ),
  ]),
  ...[...Object.keys(fieldOffsets), 'flipped', 'zeros'].map((name) => ({
    kind: undefined,
    property: undefined,
    name,
  })),
];

/** Mutates one node or one of its properties, if the tree has a node of that kind. */
export function mutateTree(root: TreeNode, mutation: TreeMutation, random: Random): void {
  if (mutation.kind === undefined) return;
  const candidates = nodesOf(root, mutation.kind);
  const node = candidates[random.below(Math.max(1, candidates.length))];
  if (node === undefined) return;
  if (mutation.property !== undefined) {
    mutateProperty(node, mutation.property, mutation.name, random);
    return;
  }
  const parent = parentOf(root, node);
  const at = parent?.children.findIndex(([, child]) => child === node) ?? -1;
  if (parent !== undefined && at >= 0) nodes[mutation.name]?.(parent.children, at, random);
}

function mutateProperty(node: TreeNode, property: string, name: string, random: Random): void {
  const at = node.properties.findIndex(([key]) => key === property);
  const value = node.properties[at]?.[1];
  if (value === undefined) return;
  const change = cellChanges[name] ?? textChanges[name] ?? flagChanges[name];
  if (name === 'missing') node.properties.splice(at, 1);
  else if (name === 'repeated') node.properties.splice(at, 0, [property, added(value, 1)]);
  else if (change !== undefined) node.properties.splice(at, 1, [property, change(value, random)]);
}

function parentOf(root: TreeNode, node: TreeNode): TreeNode | undefined {
  for (const [, child] of root.children) {
    if (child === node) return root;
    const found = parentOf(child, node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Mutates the blob. */
export function mutateBlob(blob: Uint8Array, mutation: TreeMutation, random: Random): void {
  if (mutation.kind !== undefined) return;
  const offset = fieldOffsets[mutation.name];
  if (offset !== undefined) blob[offset + random.below(4)] = random.below(256);
  else if (mutation.name === 'zeros') blob.fill(0);
  else {
    const at = random.below(blob.length);
    blob[at] = (blob[at] as number) ^ (1 << random.below(8));
  }
}
