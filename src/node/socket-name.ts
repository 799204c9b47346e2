import { lstatSync, unlinkSync } from 'node:fs';

/** Longest name of a unix socket on Linux, in bytes, without the final zero byte. */
const nameSizeMax = 107;

/** @throws Error for a longer name. Without this check it would be cut silently. */
export function checkSocketName(path: string): void {
  if (Buffer.byteLength(path) > nameSizeMax)
    throw new Error(`longer than the name of a socket can be (${nameSizeMax} bytes)`);
}

/** Removes the name of a socket. Does nothing if the name belongs to anything but a socket. */
export function removeSocketName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
}
