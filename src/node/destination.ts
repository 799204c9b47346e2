import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { attempt } from './file-error.js';
import { writeAll } from './stdio.js';

/** Where an `Output` puts its pieces. All may throw FileError. */
export interface Destination {
  /** Makes the file, unless that has been done. */
  open(): void;
  /** @returns false if nobody reads it any more. */
  write(bytes: Uint8Array): boolean;
  /** The file takes its place now, and grows there. For files that others read while they grow. */
  publish(): void;
  /** Everything is written: the file takes its place. */
  complete(): void;
  /** Nothing more will be written, and what was written does not count. */
  discard(): void;
}

/** Longest name of a file on usual file systems, in bytes. */
const nameSizeMax = 255;
/** Symbolic links that are followed, as many as Linux follows. */
const linksMax = 40;

/** The destination for a path. Pipes, devices and sockets are written as they are, files are replaced when complete. */
export function destinationOf(path: string, isDurable: boolean): Destination {
  return attempt(path, () => {
    const place = placeOf(path);
    return place === undefined ? new StreamDestination(path) : new FileDestination(path, place, isDurable);
  });
}

/** Path of the regular file to write, without symbolic links. Undefined if a path leads to anything else. */
function placeOf(path: string): string | undefined {
  let place = path;
  for (let link = 0; link < linksMax; link++) {
    // /dev/stdout and its kin are open files, and have no place of their own.
    const folder = realpathSync(dirname(resolve(place)));
    if (folder === '/dev' || folder.startsWith('/proc/')) return undefined;
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) return place;
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!stats.isSymbolicLink()) return undefined;
    place = resolve(dirname(place), readlinkSync(place));
  }
  throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
}

/** A pipe, device or socket with a name. */
class StreamDestination implements Destination {
  #fd: number | undefined;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  open(): void {
    this.#fd ??= attempt(this.#path, () => openSync(this.#path, 'w'));
  }

  write(bytes: Uint8Array): boolean {
    this.open();
    return writeAll(this.#fd as number, this.#path, bytes);
  }

  publish(): void {
    this.open();
  }

  complete(): void {
    this.open();
    this.discard();
  }

  discard(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** A regular file. It grows beside its place, as NAME.XXXXXXXX.part, and replaces an older file when it is complete. */
class FileDestination implements Destination {
  readonly #path: string;
  readonly #place: string;
  readonly #isDurable: boolean;
  readonly #draft: string;
  #fd: number | undefined;
  #isInPlace = false;

  /** @param path for messages. @param place the same without symbolic links. */
  constructor(path: string, place: string, isDurable: boolean) {
    this.#path = path;
    this.#place = place;
    this.#isDurable = isDurable;
    const ending = `.${crypto.randomUUID().slice(0, 8)}.part`;
    const name = basename(place) + ending;
    const fits = Buffer.byteLength(name) <= nameSizeMax;
    this.#draft = join(dirname(place), fits ? name : `gunyah-rm${ending}`);
  }

  open(): void {
    this.#fd ??= attempt(this.#path, () => {
      const old = statSync(this.#place, { throwIfNoEntry: false });
      if (old !== undefined) accessSync(this.#place, constants.W_OK);
      const fd = openSync(this.#draft, 'wx', 0o666);
      if (old !== undefined) keepOwner(fd, old);
      return fd;
    });
  }

  write(bytes: Uint8Array): boolean {
    this.open();
    return writeAll(this.#fd as number, this.#path, bytes);
  }

  publish(): void {
    this.open();
    if (this.#isInPlace) return;
    attempt(this.#path, () => renameSync(this.#draft, this.#place));
    this.#isInPlace = true;
  }

  complete(): void {
    this.open();
    const fd = this.#fd as number;
    if (this.#isDurable) attempt(this.#path, () => fsyncSync(fd));
    this.publish();
    this.#close();
  }

  discard(): void {
    if (this.#fd === undefined) return;
    this.#close();
    if (!this.#isInPlace) attempt(this.#path, () => unlinkSync(this.#draft));
  }

  #close(): void {
    const fd = this.#fd as number;
    this.#fd = undefined;
    // Some file systems report here that the disk is full.
    attempt(this.#path, () => closeSync(fd));
  }
}

/** Gives a new file the owner and the permissions of the one that it will replace. */
function keepOwner(fd: number, { uid, gid, mode }: Stats): void {
  const own = fstatSync(fd);
  // Only the superuser can give files away.
  if ((own.uid !== uid || own.gid !== gid) && process.getuid?.() === 0) fchownSync(fd, uid, gid);
  fchmodSync(fd, mode & 0o7777);
}
