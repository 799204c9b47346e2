import { type Issue, WireError } from '../base/error.js';
import { latin1 } from '../base/text.js';

/**
 * One property: where its name and its value are in the blob. Names may share the bytes of one long string, so that all
 * of them together can be far larger than the blob. A name is therefore made only when it is asked for. So is a view of
 * the value, which costs more than reading it.
 */
export class DtProperty {
  readonly #blob: Uint8Array;
  /** Offset of its name in the blob. */
  readonly nameAt: number;
  readonly #at: number;
  readonly #size: number;
  #value: Uint8Array | undefined;

  /** `nameAt` is the offset of a terminated name, `at` that of a value of `size` bytes. */
  constructor(blob: Uint8Array, nameAt: number, at: number, size: number) {
    this.#blob = blob;
    this.nameAt = nameAt;
    this.#at = at;
    this.#size = size;
  }

  get name(): string {
    return latin1(this.#blob, this.nameAt, this.#blob.indexOf(0, this.nameAt));
  }

  /** A view into the blob, not a copy. */
  get value(): Uint8Array {
    this.#value ??= this.#blob.subarray(this.#at, this.#at + this.#size);
    return this.#value;
  }

  /** The value as one big-endian cell, undefined if it has another size. */
  get cell(): number | undefined {
    return this.#size === 4 ? bigEndianAt(this.#blob, this.#at) : undefined;
  }

  /**
   * Whether the value, a list of texts that end in NUL, contains a text, compared whole.
   *
   * @param openEnd the last text counts without its NUL.
   */
  contains(text: string, openEnd: boolean): boolean {
    const end = this.#at + this.#size;
    for (let start = this.#at; start < end; ) {
      const stop = this.#endOfText(start, end);
      if (stop === end && !openEnd) return false;
      if (stop - start === text.length && this.#isTextAt(start, text)) return true;
      start = stop + 1;
    }
    return false;
  }

  /** Where the NUL of a text is, or `end`. The texts are short: a loop takes less time than `indexOf`. */
  #endOfText(start: number, end: number): number {
    let at = start;
    while (at < end && this.#blob[at] !== 0) at++;
    return at;
  }

  #isTextAt(at: number, text: string): boolean {
    for (let index = 0; index < text.length; index++)
      if (this.#blob[at + index] !== text.charCodeAt(index)) return false;
    return true;
  }

  /** Whether this is the name. Reads as many bytes as `name` has characters, and makes no string. */
  isNamed(name: string): boolean {
    return this.#isTextAt(this.nameAt, name) && this.#blob[this.nameAt + name.length] === 0;
  }
}

/** Big-endian word at an offset; the caller has checked the size. */
export function bigEndianAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** One node of a flattened devicetree, in the order of the blob. */
export interface DtNode {
  /** Name with its unit address (`cpu@0`), empty for the root. */
  readonly name: string;
  /** Levels below the root: 0 for the root. */
  readonly level: number;
  readonly parent: DtNode | undefined;
  readonly properties: readonly DtProperty[];
  readonly children: readonly DtNode[];
  /** Made when the first of it is asked for. */
  found: FoundOfNode | undefined;
}

/**
 * What is found out about a node once and kept with it. V8 would keep what is in a WeakMap of nodes, and whole trees with
 * it, until it collects its old generation.
 */
export interface FoundOfNode {
  childrenByName?: ReadonlyMap<string, DtNode>;
  nodesByPhandle?: ReadonlyMap<number, DtNode>;
  cells?: Cells;
}

/** Sizes of numbers below a node, in 32-bit cells. */
export interface Cells {
  readonly address: number;
  readonly size: number;
}

interface MutableNode extends DtNode {
  properties: DtProperty[];
  children: MutableNode[];
}

/** Most nodes have no properties or no children: an array for each would be most of the tree. */
const none: never[] = [];

/** Sizes that the readers check before anything else, in bytes. */
export interface FdtHeader {
  readonly totalSize: number;
  readonly structOffset: number;
  readonly structSize: number;
  readonly stringsOffset: number;
  readonly stringsSize: number;
}

const MAGIC = 0xd00dfeed;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROPERTY = 3;
const NOP = 4;
const END = 9;
/** Versions below 16 lay their properties out differently; 17 added the size of the structure block. */
const FIRST_VERSION = 16;
const STRUCT_SIZE_VERSION = 17;
/** Header sizes by version: 16 ends before the structure block's size. */
const HEADER_SIZE_V16 = 36;
const HEADER_SIZE_V17 = 40;
const RESERVE_ENTRY_SIZE = 16;

function refuse(path: string, offset: number, expected: string | number, actual: string | number): never {
  throw new WireError({ code: 'fdt_structure', path, offset, expected, actual });
}

/**
 * Reads and checks the header of a devicetree blob (Devicetree Specification 0.4, section 5.2).
 *
 * @param available bytes that the blob may occupy at most; its own total size must not exceed them.
 * @throws WireError `fdt_header` whenever the header contradicts itself or the space available.
 */
export function readFdtHeader(blob: Uint8Array, available = blob.byteLength): FdtHeader {
  const header = tryFdtHeader(blob, available);
  if ('code' in header) throw new WireError(header);
  return header;
}

/** As {@link readFdtHeader}, for memory that mostly has no blob: an error that is thrown costs a stack trace. */
export function tryFdtHeader(blob: Uint8Array, available: number): FdtHeader | Issue {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  if (blob.byteLength < HEADER_SIZE_V17) return headerFault('size', 0, HEADER_SIZE_V17, blob.byteLength);
  const magic = view.getUint32(0);
  if (magic !== MAGIC) return headerFault('magic', 0, MAGIC, magic);
  const totalSize = view.getUint32(4);
  const structOffset = view.getUint32(8);
  const stringsOffset = view.getUint32(12);
  const reserveOffset = view.getUint32(16);
  const version = view.getUint32(20);
  const lastCompatible = view.getUint32(24);
  if (version < FIRST_VERSION || lastCompatible > STRUCT_SIZE_VERSION || version < lastCompatible)
    return headerFault('version', 20, STRUCT_SIZE_VERSION, version);
  const headerSize = version < STRUCT_SIZE_VERSION ? HEADER_SIZE_V16 : HEADER_SIZE_V17;
  if (totalSize < headerSize || totalSize > 0x7fffffff)
    return headerFault('totalsize', 4, headerSize, totalSize);
  if (totalSize > available) return headerFault('totalsize', 4, available, totalSize);
  if (reserveOffset < headerSize || reserveOffset > totalSize)
    return headerFault('off_mem_rsvmap', 16, headerSize, reserveOffset);
  const stringsSize = view.getUint32(32);
  const structSize =
    version < STRUCT_SIZE_VERSION ? Math.max(0, totalSize - structOffset) : view.getUint32(36);
  for (const [path, offset, size] of [
    ['off_dt_struct', structOffset, structSize],
    ['off_dt_strings', stringsOffset, stringsSize],
  ] as const)
    if (offset < headerSize || offset > totalSize || size > totalSize - offset)
      return headerFault(path, 8, totalSize, offset);
  return { totalSize, structOffset, structSize, stringsOffset, stringsSize };
}

function headerFault(path: string, offset: number, expected: number, actual: number): Issue {
  return { code: 'fdt_header', path, offset, expected, actual };
}

/**
 * Parses a flattened devicetree into a tree. Work and memory are bounded by the blob's size. The depth is not limited:
 * the function does not call itself.
 *
 * @throws WireError `fdt_header`, or `fdt_structure` when the structure block breaks off or contradicts itself.
 */
export function parseFdt(blob: Uint8Array): DtNode {
  const header = readFdtHeader(blob);
  const view = new DataView(blob.buffer, blob.byteOffset, header.totalSize);
  const end = header.structOffset + header.structSize;
  const stringsEnd = header.stringsOffset + header.stringsSize;
  // A name ends at the first NUL behind it: one that begins behind the last NUL never ends.
  const lastNul = blob.subarray(0, stringsEnd).lastIndexOf(0);
  let at = header.structOffset;
  let root: MutableNode | undefined;
  let current: MutableNode | undefined;
  for (;;) {
    if (at + 4 > end) refuse('token', at, 'a token', 'end of block');
    const token = view.getUint32(at);
    at += 4;
    if (token === NOP) continue;
    if (token === BEGIN_NODE) {
      const stop = blob.indexOf(0, at);
      if (stop < 0 || stop >= end) refuse('name', at, 'a terminated name', 'end of block');
      if (current === undefined && root !== undefined) refuse('node', at, 'one root', 'a second root');
      const node: MutableNode = {
        name: latin1(blob, at, stop),
        level: current === undefined ? 0 : current.level + 1,
        parent: current,
        properties: none,
        children: none,
        found: undefined,
      };
      if (current === undefined) root = node;
      else if (current.children.length === 0) current.children = [node];
      else current.children.push(node);
      current = node;
      at = align4(stop + 1);
      continue;
    }
    if (token === END_NODE) {
      if (current === undefined) refuse('node', at, 'an open node', 'none');
      current = current.parent as MutableNode | undefined;
      continue;
    }
    if (token === PROPERTY) {
      if (current === undefined) refuse('property', at, 'an open node', 'none');
      if (current.children.length > 0) refuse('property', at, 'properties first', 'a child');
      if (at + 8 > end) refuse('property', at, 8, end - at);
      const size = view.getUint32(at);
      const nameAt = header.stringsOffset + view.getUint32(at + 4);
      at += 8;
      if (size > end - at) refuse('property', at, size, end - at);
      if (nameAt > lastNul) refuse('string', at, 'a terminated name', nameAt);
      const property = new DtProperty(blob, nameAt, at, size);
      if (current.properties.length === 0) current.properties = [property];
      else current.properties.push(property);
      at = align4(at + size);
      continue;
    }
    if (token !== END) refuse('token', at - 4, 'a known token', token);
    if (root === undefined || current !== undefined)
      refuse('node', at - 4, 'every node closed', 'an open one');
    return root;
  }
}

/** Bytes of the memory reservation block. */
export function reserveBlockSize(blob: Uint8Array, header: FdtHeader): number {
  const view = new DataView(blob.buffer, blob.byteOffset, header.totalSize);
  const start = view.getUint32(16);
  let at = start;
  while (at + RESERVE_ENTRY_SIZE <= header.totalSize) {
    const last = view.getBigUint64(at + 8) === 0n && view.getBigUint64(at) === 0n;
    at += RESERVE_ENTRY_SIZE;
    if (last) break;
  }
  return at - start;
}

function align4(offset: number): number {
  return (offset + 3) & ~3;
}
