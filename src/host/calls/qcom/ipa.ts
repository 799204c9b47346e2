import {
  IPA_RESERVE,
  ipaAllocType,
  ipaGenericConstraints,
  ipaPlatformConstraints,
} from '../../../../schemas/index.js';
import { viewOf } from '../../../base/bytes.js';
import type { Calling } from '../../effect.js';
import { fail, type QcomKernel, refuse } from './kernel.js';

/** The guest addresses to reserve. Bytes, multiples of the page size. */
export interface IpaRequest {
  /** May be 0. */
  readonly size: bigint;
  readonly align: bigint;
  /** First and last address to choose from. */
  readonly start: bigint;
  readonly end: bigint;
  /** ECC, TAGGED, NORMAL, IO, BASE_MEMORY_COMPATIBLE (bits 0..3 and 6). */
  readonly generic_constraints: number;
  /** Bits 0..2. */
  readonly platform_constraints: number;
}

const PAGE_SIZE = 0x1000n;
const ADDRESSES = 1n << 64n;

const { ECC, TAGGED, NORMAL, IO, BASE_MEMORY_COMPATIBLE } = ipaGenericConstraints.bits;
const { ENCRYPTED, AUTHENTICATED, ANTI_ROLLBACK } = ipaPlatformConstraints.bits;
const GENERIC_MASK = ECC | TAGGED | NORMAL | IO | BASE_MEMORY_COMPATIBLE;
const PLATFORM_MASK = ENCRYPTED | AUTHENTICATED | ANTI_ROLLBACK;

/** A count, which the clients do not check, and one address. */
const REPLY_SIZE = 12;
const ADDRESS_OFFSET = 4;

/** The call that reserves guest addresses, which RM then does not assign. */
export function ipaCalls(kernel: QcomKernel) {
  const { name } = IPA_RESERVE;
  const checkBits = (path: string, value: number, mask: number) => {
    if ((value & ~mask) !== 0) refuse(name, path, `bits of 0x${mask.toString(16)}`, value);
  };

  return {
    /**
     * Reserves one range. EINVAL for unknown constraints, for what is not a multiple of 4096, and for a reply of a wrong
     * size.
     *
     * @returns the address.
     */
    *ipaReserve({ size, align, start, end, ...constraints }: IpaRequest): Calling<bigint> {
      checkBits('generic_constraints', constraints.generic_constraints, GENERIC_MASK);
      checkBits('platform_constraints', constraints.platform_constraints, PLATFORM_MASK);
      // The size of all 2^64 addresses does not fit 64 bits, so the last page is left out then.
      const region_size = (end - start + 1n) & (ADDRESSES - 1n) || ADDRESSES - PAGE_SIZE;
      for (const [path, value] of Object.entries({ size, align, start, region_size })) {
        if (value % PAGE_SIZE !== 0n) refuse(name, path, 'multiple of 4096', value);
      }
      const entries = [{ region_base: start, region_size, size, align }];
      const { ALLOC_LIST } = ipaAllocType.values;
      const reply = yield* kernel.exchange(IPA_RESERVE, { alloc_type: ALLOC_LIST, ...constraints, entries });
      if (reply.length !== REPLY_SIZE)
        fail(name, 'EINVAL', 'reply', { code: 'reply_size', expected: REPLY_SIZE, actual: reply.length });
      return viewOf(reply).getBigUint64(ADDRESS_OFFSET, true);
    },
  };
}
