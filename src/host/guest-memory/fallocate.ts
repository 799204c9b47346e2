import { PAGE_SIZE } from '../../hypervisor/index.js';
import { refuser } from '../refusal.js';
import type { FileRange } from './file-range.js';
import { isPages, pageRefuser } from './page-errors.js';

/** Modes of fallocate (include/uapi/linux/falloc.h). */
export const fallocateModes = { KEEP_SIZE: 1, PUNCH_HOLE: 2, ZERO_RANGE: 0x10 } as const;

/**
 * The checks of fallocate(2) that come before anything else: Linux's own and those of v17.
 *
 * @throws HostError: EOPNOTSUPP for a mode, EINVAL for a range that is empty or not of whole pages.
 */
export function checkFallocate(mode: number, { offset, size }: FileRange): void {
  const { KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE } = fallocateModes;
  const both = PUNCH_HOLE | ZERO_RANGE;
  if ((mode & KEEP_SIZE) === 0 || (mode & ~(KEEP_SIZE | both)) !== 0 || (mode & both) === both)
    throw refuser('fallocate', 'mode')('EOPNOTSUPP', 'mode', 'KEEP_SIZE, and PUNCH_HOLE or ZERO_RANGE', mode);
  for (const value of [offset, size])
    if (!isPages(value)) throw pageRefuser('fallocate', offset)('EINVAL', 'alignment', PAGE_SIZE, value);
  if (size === 0) throw pageRefuser('fallocate', offset)('EINVAL', 'range', '1 or more bytes', size);
}
