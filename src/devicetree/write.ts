import { latin1Bytes } from '../base/text.js';
import type { DtNode } from './fdt.js';
import { NameBlock } from './names.js';

/** A tree to be written. Properties and children are lists, so that names may repeat and the order counts. */
export interface TreeSource {
  readonly properties: readonly (readonly [name: string, value: Uint8Array])[];
  readonly children: readonly (readonly [name: string, node: TreeSource])[];
}

const MAGIC = 0xd00dfeed;
const VERSION = 17;
const COMPATIBLE_VERSION = 16;
const HEADER_SIZE = 40;
/** The memory reservation block: its terminating entry alone. */
const RESERVATIONS_SIZE = 16;
const Token = { BEGIN_NODE: 1, END_NODE: 2, PROPERTY: 3, END: 9 } as const;

/** Blobs are built here and then copied, because most need a few kilobytes of what would be made for each. */
const scratch = new Uint8Array(1 << 16);

/** A devicetree blob under construction: grows as needed, big-endian. One at a time. */
class BlobWriter {
  #bytes = scratch;
  #view = new DataView(this.#bytes.buffer);
  size = 0;

  word(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.size, value);
    this.size += 4;
  }

  /** Bytes and the zeros up to the next multiple of four. */
  padded(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength + 3);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.byteLength;
    while (this.size % 4 !== 0) this.#bytes[this.size++] = 0;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.byteLength;
  }

  header(words: readonly number[]): void {
    for (const [index, word] of words.entries()) this.#view.setUint32(index * 4, word);
  }

  /** Everything so far and zeros up to a size. */
  finish(size: number): Uint8Array {
    const blob = new Uint8Array(Math.max(size, this.size));
    blob.set(this.#bytes.subarray(0, this.size));
    return blob;
  }

  skip(size: number): void {
    this.#reserve(size);
    this.#bytes.fill(0, this.size, this.size + size);
    this.size += size;
  }

  #reserve(size: number): void {
    if (this.size + size <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(this.#bytes.byteLength * 2, this.size + size));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/**
 * A flattened devicetree of version 17 (Devicetree Specification 0.4, chapter 5): the inverse of `parseFdt`. The depth is
 * not limited: the function does not call itself.
 *
 * @param size size of the blob in bytes where it is to be larger than its contents; the rest is zeros.
 * @param names the strings block to begin with.
 */
export function writeFdt(root: TreeSource, size = 0, names = new NameBlock()): Uint8Array {
  const writer = new BlobWriter();
  const structureAt = HEADER_SIZE + RESERVATIONS_SIZE;
  writer.skip(structureAt);
  /** What is still to be written, the next last; undefined ends a node. */
  const pending: (readonly [name: string, node: TreeSource] | undefined)[] = [['', root]];
  while (pending.length > 0) {
    const next = pending.pop();
    if (next === undefined) {
      writer.word(Token.END_NODE);
      continue;
    }
    const [name, node] = next;
    writer.word(Token.BEGIN_NODE);
    writer.padded(textValue(name));
    for (const [key, value] of node.properties) {
      writer.word(Token.PROPERTY);
      writer.word(value.byteLength);
      writer.word(names.offsetOf(key));
      writer.padded(value);
    }
    pending.push(undefined);
    for (let index = node.children.length - 1; index >= 0; index--) pending.push(node.children[index]);
  }
  writer.word(Token.END);
  const namesAt = writer.size;
  writer.raw(names.bytes);
  const total = Math.max(size, writer.size);
  writer.header([
    MAGIC,
    total,
    structureAt,
    namesAt,
    HEADER_SIZE,
    VERSION,
    COMPATIBLE_VERSION,
    0,
    names.size,
    namesAt - structureAt,
  ]);
  return writer.finish(total);
}

/** A tree that was read, as one to be written. */
export function sourceOf(node: DtNode): TreeSource {
  return {
    properties: node.properties.map(({ name, value }) => [name, value]),
    children: node.children.map((child) => [child.name, sourceOf(child)]),
  };
}

/** Value of a property that holds 32-bit cells. */
export function cellsValue(...cells: readonly number[]): Uint8Array {
  const value = new Uint8Array(cells.length * 4);
  // Byte by byte, because a view of each value costs more than all the rest.
  let at = 0;
  for (const cell of cells) {
    value[at++] = cell >>> 24;
    value[at++] = cell >>> 16;
    value[at++] = cell >>> 8;
    value[at++] = cell;
  }
  return value;
}

/** Values by their one text, and of several texts by these, each with its NUL. */
const values = { ofText: new Map<string, Uint8Array>(), ofTexts: new Map<string, Uint8Array>() };
/** Most values of each kind that are kept. Names repeat from tree to tree, but a generator's texts do not. */
const VALUES_MAX = 4096;

/** Value of a property that holds texts, each with its NUL. The array may be shared: never write to it. */
export function textValue(...list: readonly string[]): Uint8Array {
  const [text] = list;
  // A text as it is given has its hash already. That of a text which is joined here is computed each time.
  if (text !== undefined && list.length === 1)
    return values.ofText.get(text) ?? kept(values.ofText, text, `${text}\0`);
  const texts = list.map((item) => `${item}\0`).join('');
  return values.ofTexts.get(texts) ?? kept(values.ofTexts, texts, texts);
}

function kept(known: Map<string, Uint8Array>, key: string, text: string): Uint8Array {
  // One character per byte, as the reader makes them.
  const value = latin1Bytes(text);
  if (known.size < VALUES_MAX) known.set(key, value);
  return value;
}

/** Value of a property without one: only its presence counts. */
export const emptyValue: Uint8Array = new Uint8Array(0);
