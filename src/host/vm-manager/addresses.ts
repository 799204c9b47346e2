import { PAGE_SIZE } from '../../hypervisor/index.js';

/** Bytes per page, for addresses. */
export const PAGE = BigInt(PAGE_SIZE);

/** A range of addresses, in bytes; its end may lie beyond 2^64, where Linux's sums wrap. */
export interface AddressRange {
  readonly start: bigint;
  readonly size: bigint;
}

const U64 = 2n ** 64n;

export function isPageAligned(...values: readonly bigint[]): boolean {
  return values.every((value) => value % PAGE === 0n);
}

/** Whether a byte of the range lies beyond the last address. */
export function wraps({ start, size }: AddressRange): boolean {
  return start + size > U64;
}

/** What Linux gets that does not notice: sums and differences of 64 bits. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

export function overlaps(left: AddressRange, right: AddressRange): boolean {
  return left.start < right.start + right.size && right.start < left.start + left.size;
}

/** As {@link overlaps}, with ends that wrap. */
export function overlapsWrapped(left: AddressRange, right: AddressRange): boolean {
  return left.start < wrap(right.start + right.size) && right.start < wrap(left.start + left.size);
}

export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.start <= inner.start && inner.start + inner.size <= outer.start + outer.size;
}

/** By rising start. */
export function byAddress<T extends { readonly range: AddressRange }>(items: readonly T[]): readonly T[] {
  return [...items].sort((left, right) => (left.range.start < right.range.start ? -1 : 1));
}

/** 0x80001000: addresses and sizes as people read them. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
