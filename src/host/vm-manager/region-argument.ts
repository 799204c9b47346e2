import { viewOf } from '../../base/bytes.js';
import { refuser } from '../refusal.js';
import { type IoctlName, ioctls } from './ioctls.js';
import type { UserMemRegion } from './region.js';

/*
 * The argument of SET_USER_MEM_REGION and LEND_USER_MEM as bytes (`struct gh_userspace_memory_region` in the review of
 * version 9 of the series, include/uapi/linux/gunyah.h): u32 label, u32 flags, u64 guest_phys_addr, u64 memory_size,
 * u64 userspace_addr, little endian.
 */

const SIZE = 32;
/** `_IOW` of include/uapi/asm-generic/ioctl.h: direction in bits 30 and 31, size from bit 16, type from bit 8. */
const IOW = 2 ** 30;

export type RegionIoctl = Extract<IoctlName, 'SET_USER_MEM_REGION' | 'LEND_USER_MEM'>;

/** The number by which a process calls the ioctl: 0x40204701 for SET_USER_MEM_REGION. */
export function regionCommand(name: RegionIoctl): number {
  const { type, number } = ioctls[name];
  return IOW + SIZE * 2 ** 16 + type.charCodeAt(0) * 2 ** 8 + number;
}

/** The ioctl that a number calls; undefined for any other number, also for one with another size or direction. */
export function regionIoctlOf(command: number): RegionIoctl | undefined {
  return (['SET_USER_MEM_REGION', 'LEND_USER_MEM'] as const).find((name) => regionCommand(name) === command);
}

/**
 * Copies the argument from the process.
 *
 * @param memory what the process has from the address of the argument on. @throws HostError (EFAULT) below 32 bytes.
 */
export function readUserMemRegion(name: RegionIoctl, memory: Uint8Array): UserMemRegion {
  if (memory.length < SIZE) throw refuser(name, 'arg')('EFAULT', 'truncated', SIZE, memory.length);
  const view = viewOf(memory);
  return {
    label: view.getUint32(0, true),
    flags: view.getUint32(4, true),
    guestPhysAddr: view.getBigUint64(8, true),
    memorySize: view.getBigUint64(16, true),
    userspaceAddr: view.getBigUint64(24, true),
  };
}
