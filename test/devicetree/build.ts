/** A node to be built: properties (cells, a text, texts, or nothing) and children, in order. */
export interface NodeSource {
  readonly properties?: Readonly<Record<string, readonly number[] | string | readonly string[] | true>>;
  readonly children?: Readonly<Record<string, NodeSource>>;
}

type Value = NonNullable<NodeSource['properties']>[string];

const HEADER_SIZE = 40;
const RESERVE_SIZE = 16;

/** A devicetree blob of version 17. */
export function buildFdt(root: NodeSource): Uint8Array {
  const structure: number[] = [];
  const names: number[] = [];
  const offsets = new Map<string, number>();
  const word = (value: number) =>
    structure.push(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
  const text = (value: string) => [...new TextEncoder().encode(value), 0];
  const pad = () => {
    while (structure.length % 4 !== 0) structure.push(0);
  };
  const offsetOf = (name: string) => {
    const offset = offsets.get(name) ?? names.length;
    if (offset === names.length) names.push(...text(name));
    offsets.set(name, offset);
    return offset;
  };
  const bytesOf = (value: Value): number[] => {
    if (value === true) return [];
    if (typeof value === 'string') return text(value);
    return value.flatMap((item) =>
      typeof item === 'string'
        ? text(item)
        : [item >>> 24, (item >>> 16) & 0xff, (item >>> 8) & 0xff, item & 0xff],
    );
  };
  const visit = (name: string, node: NodeSource) => {
    word(1);
    structure.push(...text(name));
    pad();
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      const bytes = bytesOf(value);
      word(3);
      word(bytes.length);
      word(offsetOf(key));
      structure.push(...bytes);
      pad();
    }
    for (const [key, child] of Object.entries(node.children ?? {})) visit(key, child);
    word(2);
  };
  visit('', root);
  word(9);
  const start = HEADER_SIZE + RESERVE_SIZE;
  const size = start + structure.length + names.length;
  const blob = new Uint8Array(size);
  const view = new DataView(blob.buffer);
  const header = [
    0xd00dfeed,
    size,
    start,
    start + structure.length,
    HEADER_SIZE,
    17,
    16,
    0,
    names.length,
    structure.length,
  ];
  for (const [index, value] of header.entries()) view.setUint32(index * 4, value);
  blob.set(structure, start);
  blob.set(names, start + structure.length);
  return blob;
}
