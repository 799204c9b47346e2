import type { NodeKind } from './tree-parts.js';

/** A node in the making. */
export interface MadeNode {
  readonly kind: NodeKind | undefined;
  properties: (readonly [string, Uint8Array])[];
  children: (readonly [string, MadeNode])[];
}

/** All nodes of a kind, in tree order. */
export function nodesOf(node: MadeNode, kind: NodeKind): MadeNode[] {
  return [
    ...(node.kind === kind ? [node] : []),
    ...node.children.flatMap(([, child]) => nodesOf(child, kind)),
  ];
}
