import {
  cell,
  cellAt,
  cellCount,
  type DtNode,
  declaredCells,
  hasProperty,
  isCompatible,
  nodeAt,
  nodeByPhandle,
  numberAt,
  property,
  string,
} from '../../devicetree/index.js';
import { FatalTree, refuse, sizedNumber } from './reader.js';
import type { InterruptController } from './types.js';

/** Smallest distance of two redistributors, and the default. */
const STRIDE_MIN = 0x20000n;
const STRIDE_UNIT = 0x10000n;
const PHANDLE_NONE = 0xffffffff;
const ALL_ONES = 0xffffffffffffffffn;
const UNUSABLE_BASE = 1n;

/** The controller that the root's interrupt-parent names, if it is usable. */
export function rootController(root: DtNode): InterruptController | undefined {
  const phandle = cell(root, 'interrupt-parent');
  const node = phandle === undefined ? undefined : nodeByPhandle(root, phandle);
  return node === undefined ? undefined : usableController(node);
}

/**
 * The controller of the `interrupts` node: its `config` (a path or a phandle), else what the root offered.
 *
 * @returns undefined for a phandle of all ones, which RM takes for no controller.
 * @throws ConfigRefused when neither leads to a usable one.
 */
export function configuredController(
  root: DtNode,
  node: DtNode,
  fallback: InterruptController | undefined,
): InterruptController | undefined {
  const value = property(node, 'config');
  if (value === undefined || value.byteLength === 0)
    return fallback ?? refuse(node, 'no usable interrupt-parent');
  const path = string(node, 'config');
  if (path?.startsWith('/') !== true && cell(node, 'config') === PHANDLE_NONE && fallback === undefined)
    return undefined;
  const target =
    path?.startsWith('/') === true
      ? nodeAt(root, path)
      : value.byteLength === 4
        ? nodeByPhandle(root, cellAt(value, 0))
        : undefined;
  const controller = target === undefined ? undefined : usableController(target);
  if (controller?.phandle === PHANDLE_NONE) return undefined;
  return controller ?? refuse(node, 'config leads to no usable controller');
}

/** A GICv3 that RM can attach, else undefined (rm-internals.md, section 1, "interrupt controller"). */
function usableController(node: DtNode): InterruptController | undefined {
  if (!isCompatible(node, 'arm,gic-v3') || !hasProperty(node, 'interrupt-controller')) return undefined;
  if (cell(node, '#interrupt-cells') !== 3) return undefined;
  if ((cell(node, '#redistributor-regions') ?? 1) !== 1) return undefined;
  const stride = sizedNumber(node, 'redistributor-stride', 2) ?? STRIDE_MIN;
  if (stride < STRIDE_MIN || stride % STRIDE_UNIT !== 0n) return undefined;
  const phandle = cell(node, 'phandle') ?? cell(node, 'linux,phandle') ?? 0;
  if (phandle === 0) return undefined;
  const reg = property(node, 'reg');
  if (reg === undefined) return { phandle, hasReg: false, bases: [undefined, undefined], stride };
  // RM takes the cells of the parent here, and not those of the level as for the configuration's own nodes.
  const { address, size } = declaredCells(node.parent ?? node);
  // RM adds in 32 bits and does not look at the cells of a size by themselves.
  const entry = (address + size) >>> 0;
  if (reg.byteLength < entry * 8) return undefined;
  if (address > 2) throw new FatalTree(node, 'vm_init_controller_cells');
  return { phandle, hasReg: true, bases: [baseAt(reg, 0, address), baseAt(reg, entry, address)], stride };
}

/** A base address; undefined for 64 set bits, which RM takes for none. */
function baseAt(reg: Uint8Array, index: number, cells: number): bigint | undefined {
  if (cells === 0) return 0n;
  // RM reads past a short property: a token of the tree, which is no base that it can use.
  const base = cellCount(reg) < index + cells ? UNUSABLE_BASE : numberAt(reg, index, cells);
  return base === ALL_ONES ? undefined : base;
}
