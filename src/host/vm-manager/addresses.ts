import { BLOCK_SIZE, PAGE_SIZE } from '../../hypervisor/index.js';

export const PAGE = BigInt(PAGE_SIZE);
export const HUGE_PAGE = BigInt(BLOCK_SIZE);

/** A range of addresses, in bytes. Its end may lie above 2^64, where the 64-bit sums of Linux wrap. */
export interface AddressRange {
  readonly start: bigint;
  readonly size: bigint;
}

const U64 = 2n ** 64n;

export function isPageAligned(...values: readonly bigint[]): boolean {
  return values.every((value) => value % PAGE === 0n);
}

/** Whether the range ends above 2^64. */
export function wraps({ start, size }: AddressRange): boolean {
  return start + size > U64;
}

/** A sum or difference as 64-bit arithmetic computes it. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

export function overlaps(left: AddressRange, right: AddressRange): boolean {
  return left.start < right.start + right.size && right.start < left.start + left.size;
}

/** As {@link overlaps}, with ends that wrap at 2^64. */
export function overlapsWrapped(left: AddressRange, right: AddressRange): boolean {
  return left.start < wrap(right.start + right.size) && right.start < wrap(left.start + left.size);
}

export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.start <= inner.start && inner.start + inner.size <= outer.start + outer.size;
}

/** In the order of their addresses. */
export function byAddress<T extends { readonly range: AddressRange }>(items: readonly T[]): readonly T[] {
  return [...items].sort((left, right) => (left.range.start < right.range.start ? -1 : 1));
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
