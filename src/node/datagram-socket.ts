import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { FileError } from './file-error.js';
import { checkSocketName, removeSocketName } from './socket-name.js';

const packageName = 'unix-dgram';

/** What is used of the package, which has no typings. Everything happens before the call returns. */
interface NativeSocket {
  bind(path: string): void;
  connect(path: string): void;
  send(bytes: Buffer, offset: number, size: number, path: string, done: (error?: Error) => void): void;
  close(): void;
  on(event: 'message', listener: (message: Buffer) => void): void;
  on(event: 'error', listener: (error: { readonly errno: number }) => void): void;
}

interface NativePackage {
  createSocket(type: 'unix_dgram'): NativeSocket;
}

/** The native package, which is optional. @throws FileError when it is not there or was not built. */
function loadPackage(): NativePackage {
  try {
    return createRequire(import.meta.url)(packageName) as NativePackage;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const remedy = missing ? `npm install ${packageName}@2` : `npm rebuild ${packageName}`;
    const state = missing ? 'not installed' : 'not built';
    throw new FileError(
      packageName,
      new Error(`unix datagrams need this package, which is ${state}: ${remedy}`),
    );
  }
}

/** A unix datagram socket that is bound to a name, and never connected. */
export class DatagramSocket {
  readonly #native: NativeSocket;

  private constructor(
    native: NativePackage,
    readonly path: string,
  ) {
    this.#native = native.createSocket('unix_dgram');
  }

  /**
   * Binds a name. One left behind by a process that is gone is replaced.
   *
   * @throws FileError when it cannot be bound, or the native package is not there.
   */
  static bind(path: string, onMessage: (message: Uint8Array) => void): DatagramSocket {
    const native = loadPackage();
    try {
      checkSocketName(path);
      if (isStale(native, path)) removeSocketName(path);
      const socket = new DatagramSocket(native, path);
      const code = failure(socket.#native, () => socket.#native.bind(path));
      if (code !== undefined) {
        socket.#native.close();
        throw Object.assign(new Error(`cannot be bound: ${code}`), { code });
      }
      // As plain bytes: the `slice` of a Buffer does not copy, which nobody who is handed bytes expects.
      socket.#native.on('message', ({ buffer, byteOffset, length }) =>
        onMessage(new Uint8Array(buffer, byteOffset, length)),
      );
      return socket;
    } catch (error) {
      throw new FileError(path, error);
    }
  }

  /** @returns false when the message was not taken: the receiver's queue is full, or there is none. */
  send(message: Uint8Array, path: string): boolean {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    let refused = false;
    this.#native.send(bytes, 0, bytes.length, path, (error) => {
      refused = error !== undefined;
    });
    return !refused;
  }

  /** Closes and removes the name. */
  close(): void {
    this.#native.close();
    removeSocketName(this.path);
  }
}

/** Whether a name exists that nobody receives under. */
function isStale(native: NativePackage, path: string): boolean {
  const probe = native.createSocket('unix_dgram');
  const code = failure(probe, () => probe.connect(path));
  probe.close();
  return code === 'ECONNREFUSED';
}

/** Name of the error that an action ends with. */
function failure(socket: NativeSocket, action: () => void): string | undefined {
  let code: string | undefined;
  // The package's error numbers are those of the system, negative.
  socket.on('error', ({ errno }) => {
    code = getSystemErrorName(errno);
  });
  action();
  return code;
}
