import type { NodeKind } from './node-properties.js';

/** A devicetree node that can still be changed. */
export interface TreeNode {
  readonly kind: NodeKind | undefined;
  properties: (readonly [string, Uint8Array])[];
  children: (readonly [string, TreeNode])[];
}

/** All nodes of a kind, in tree order. */
export function nodesOf(node: TreeNode, kind: NodeKind): TreeNode[] {
  return [
    ...(node.kind === kind ? [node] : []),
    ...node.children.flatMap(([, child]) => nodesOf(child, kind)),
  ];
}
