import {
  cell,
  cellAt,
  contains,
  type DtNode,
  hasProperty,
  nodeAt,
  nodeByPhandle,
  numberAt,
  property,
  string,
} from '../../devicetree/index.js';
import { declaredCells, refuse, sizedNumber } from './reader.js';
import type { InterruptController } from './types.js';

/** Smallest distance of two redistributors, and the default. */
const STRIDE_MIN = 0x20000n;
const STRIDE_UNIT = 0x10000n;

/** The controller that the root's interrupt-parent names, if it is usable. */
export function rootController(root: DtNode): InterruptController | undefined {
  const phandle = cell(root, 'interrupt-parent');
  const node = phandle === undefined ? undefined : nodeByPhandle(root, phandle);
  return node === undefined ? undefined : usableController(node);
}

/**
 * The controller of the `interrupts` node: its `config` (a path or a phandle), else what the root offered.
 *
 * @throws ConfigRefused when neither leads to a usable one.
 */
export function configuredController(
  root: DtNode,
  node: DtNode,
  fallback: InterruptController | undefined,
): InterruptController {
  const value = property(node, 'config');
  if (value === undefined) return fallback ?? refuse(node, 'no usable interrupt-parent');
  const path = string(node, 'config');
  const target =
    path?.startsWith('/') === true
      ? nodeAt(root, path)
      : value.byteLength === 4
        ? nodeByPhandle(root, cellAt(value, 0))
        : undefined;
  const controller = target === undefined ? undefined : usableController(target);
  return controller ?? refuse(node, 'config leads to no usable controller');
}

/** A GICv3 that RM can attach, else undefined (rm-internals.md, section 1, "interrupt controller"). */
function usableController(node: DtNode): InterruptController | undefined {
  if (!contains(node, 'compatible', 'arm,gic-v3') || !hasProperty(node, 'interrupt-controller'))
    return undefined;
  if (cell(node, '#interrupt-cells') !== 3) return undefined;
  if (hasProperty(node, '#redistributor-regions') && cell(node, '#redistributor-regions') !== 1)
    return undefined;
  const stride = sizedNumber(node, 'redistributor-stride', 2) ?? STRIDE_MIN;
  if (stride < STRIDE_MIN || stride % STRIDE_UNIT !== 0n) return undefined;
  const reg = property(node, 'reg');
  if (reg === undefined) return { bases: undefined, stride };
  // RM takes the cells of the parent here, and not those of the level as for the configuration's own nodes.
  const cells = declaredCells(node.parent ?? node);
  const entry = cells.address + cells.size;
  const valid = (cells.address === 1 || cells.address === 2) && cells.size <= 2;
  if (!valid || reg.byteLength < entry * 8) return undefined;
  return { bases: [numberAt(reg, 0, cells.address), numberAt(reg, entry, cells.address)], stride };
}
