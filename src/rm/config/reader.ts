import {
  type Cells,
  cell,
  cellAt,
  type DtNode,
  declaredCells,
  defaultCells,
  numberAt,
  property,
  string,
  strings,
} from '../../devicetree/index.js';
import { QUEUE_DEPTH_DEFAULT, QUEUE_MESSAGE_SIZE_MAX } from '../../transport/index.js';
import type { PanicReason } from '../panics.js';
import type { DeviceCommon, FixedInterrupts, PeerReference } from './types.js';

/** A node makes the whole devicetree unusable: VM_INIT ends with MEM_INVALID. Never leaves this folder. */
export class ConfigRefused extends Error {
  override readonly name: string = 'ConfigRefused';
}

/** The public manager dies while it reads the devicetree. */
export class FatalTree extends Error {
  override readonly name: string = 'FatalTree';

  constructor(
    { name }: DtNode,
    readonly reason: PanicReason,
  ) {
    super(`${name}: ${reason}`);
  }
}

/** @throws ConfigRefused always. The text helps to debug a devicetree. */
export function refuse(node: DtNode, why: string): never {
  throw new ConfigRefused(`${node.name}: ${why}`);
}

const PAGE_SIZE = 4096n;
const ALL_ONES = 0xffffffffffffffffn;
const PUSH_COMPATIBLE_MAX = 6;

/**
 * Cells with which RM reads a node's numbers. RM keeps one pair per tree level and sets it only when it goes down a
 * level, so the first node of a level decides for all others (rm-internals.md, section 1).
 */
export function inheritedCells(node: DtNode): Cells {
  const parent = node.parent;
  return parent === undefined ? defaultCells : declaredCells(parent.parent?.children[0] ?? parent);
}

/** A property of exactly `cells` cells (1 or 2). One of another length counts as absent. */
export function sizedNumber(node: DtNode, name: string, cells: number): bigint | undefined {
  const value = property(node, name);
  if (value === undefined || (cells !== 1 && cells !== 2) || value.byteLength !== cells * 4) return undefined;
  return numberAt(value, 0, cells);
}

export function pageAligned(value: bigint): boolean {
  return value % PAGE_SIZE === 0n;
}

/** Whether a range of 64-bit numbers runs past the end. */
export function wraps(base: bigint, size: bigint): boolean {
  return base + size > ALL_ONES;
}

/** `qcom,label`, else `label`. One of another length than a cell counts as absent. */
export function deviceLabel(node: DtNode): number | undefined {
  return cell(node, 'qcom,label') ?? cell(node, 'label');
}

/** @param reserved texts that RM adds itself. @throws ConfigRefused for more than six in all. */
export function deviceCommon(node: DtNode, fallbackLabel = 0, reserved = 0): DeviceCommon {
  const value = property(node, 'push-compatible');
  const list = value === undefined ? { list: [], terminated: true } : strings(value);
  const pushCompatible = list.terminated ? list.list : [];
  if (pushCompatible.length + reserved > PUSH_COMPATIBLE_MAX) refuse(node, 'too many push-compatible');
  return { label: deviceLabel(node) ?? fallbackLabel, generate: string(node, 'generate'), pushCompatible };
}

/** @throws ConfigRefused without `peer-default` and without `peer`. */
export function devicePeer(node: DtNode): PeerReference {
  if (property(node, 'peer-default') !== undefined) return { kind: 'default' };
  const text = string(node, 'peer');
  return text === undefined ? refuse(node, 'no peer') : { kind: 'named', text };
}

/** @throws ConfigRefused without `peer-default`. */
export function requireDefaultPeer(node: DtNode): void {
  if (property(node, 'peer-default') === undefined) refuse(node, 'no peer-default');
}

/** Interrupt classes of a three-cell GIC specifier: the first number of each, and the first number behind it. */
const INTERRUPT_CLASSES: readonly (readonly [offset: number, limit: number])[] = [
  [32, 1020],
  [16, 32],
  [4096, 5120],
  [1056, 1120],
];
const EDGE = 1;
const LEVEL = 4;

/** Exactly `count` usable interrupts, else undefined: RM then chooses. */
export function fixedInterrupts(node: DtNode, count: number): FixedInterrupts {
  const value = property(node, 'interrupts');
  if (value === undefined || value.byteLength !== count * 12) return undefined;
  const numbers: number[] = [];
  for (let index = 0; index < count; index++) {
    const range = INTERRUPT_CLASSES[cellAt(value, index * 3)];
    const trigger = cellAt(value, index * 3 + 2) & 0xf;
    if (range === undefined || (trigger !== EDGE && trigger !== LEVEL)) return undefined;
    // RM adds in 32 bits, so a number just below 2^32 becomes a small one.
    const number = (cellAt(value, index * 3 + 1) + range[0]) >>> 0;
    if (number >= range[1]) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** Size and depth of a queue. RM keeps the low 16 bits of each. */
export function queueSizes(node: DtNode): { messageSize: number; queueDepth: number } {
  return {
    messageSize: (cell(node, 'message-size') ?? QUEUE_MESSAGE_SIZE_MAX) & 0xffff,
    queueDepth: (cell(node, 'queue-depth') ?? QUEUE_DEPTH_DEFAULT) & 0xffff,
  };
}

/** The two cells of a property; one that is missing is 0. @throws ConfigRefused for a longer or broken one. */
export function twoCells(node: DtNode, name: string): readonly [number, number] | undefined {
  const value = property(node, name);
  if (value === undefined) return undefined;
  const { byteLength } = value;
  if (byteLength > 8 || byteLength % 4 !== 0) refuse(node, `length of ${name}`);
  return [byteLength > 0 ? cellAt(value, 0) : 0, byteLength > 4 ? cellAt(value, 1) : 0];
}
