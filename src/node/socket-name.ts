import { lstatSync, unlinkSync } from 'node:fs';

/** Longest name of a unix socket on Linux, in bytes, without the final zero byte. */
const nameSizeMax = 107;

/** @throws an error with code ENAMETOOLONG. Without this check, longer names would be cut silently. */
export function checkSocketName(path: string): void {
  if (Buffer.byteLength(path) > nameSizeMax)
    throw Object.assign(new Error('socket name too long'), { code: 'ENAMETOOLONG' });
}

/** Removes the name of a socket. Does nothing if the name belongs to anything but a socket. */
export function removeSocketName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
}
