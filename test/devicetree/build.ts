import { cellsValue, emptyValue, type TreeSource, textValue, writeFdt } from '../../src/devicetree/index.js';

/** A node to be built: properties (cells, a text, texts, or nothing) and children, in order. */
export interface NodeSource {
  readonly properties?: Readonly<Record<string, readonly number[] | string | readonly string[] | true>>;
  readonly children?: Readonly<Record<string, NodeSource>>;
}

type Value = NonNullable<NodeSource['properties']>[string];

function valueBytes(value: Value): Uint8Array {
  if (value === true) return emptyValue;
  if (typeof value === 'string') return textValue(value);
  const [first] = value;
  return typeof first === 'string'
    ? textValue(...(value as readonly string[]))
    : cellsValue(...(value as readonly number[]));
}

function treeOf({ properties = {}, children = {} }: NodeSource): TreeSource {
  return {
    properties: Object.entries(properties).map(([name, value]) => [name, valueBytes(value)]),
    children: Object.entries(children).map(([name, child]) => [name, treeOf(child)]),
  };
}

/** A devicetree blob of version 17, filled up with zeros to `size` bytes. */
export function buildFdt(root: NodeSource, size?: number): Uint8Array {
  return writeFdt(treeOf(root), size);
}
