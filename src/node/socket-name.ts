import { lstatSync, unlinkSync } from 'node:fs';

/** Bytes that the address of a unix socket holds, less its end mark (Linux). */
const nameSizeMax = 107;

/** @throws an error with code ENAMETOOLONG: longer names would be cut silently. */
export function checkSocketName(path: string): void {
  if (Buffer.byteLength(path) > nameSizeMax)
    throw Object.assign(new Error('socket name too long'), { code: 'ENAMETOOLONG' });
}

/** Removes a socket's name that its owner has left behind; anything but a socket stays. */
export function removeSocketName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
}
