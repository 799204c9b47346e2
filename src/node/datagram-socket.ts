import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { plainBytes } from '../base/bytes.js';
import { attempt, FileError } from './file-error.js';
import { checkSocketName, removeSocketName } from './socket-name.js';

const packageName = 'unix-dgram';

/** The used part of the package, which has no typings. Its calls are complete when they return. */
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

/** Loads the native package, which is optional. @throws FileError if it is not installed or not built. */
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

/** The name of the queue from one VM to another, in a folder (cli.md, "Live transports of serve"). */
export function queueName(directory: string, from: number, to: number): string {
  return join(directory, `rm-rpc-${from}-${to}`);
}

/** A unix datagram socket that is bound to a name and not connected. */
export class DatagramSocket {
  readonly #native: NativeSocket;

  private constructor(
    native: NativePackage,
    readonly path: string,
  ) {
    this.#native = native.createSocket('unix_dgram');
  }

  /**
   * Binds a name. A name that an ended process has left behind is replaced.
   *
   * @throws FileError if it cannot be bound, or if the native package is missing.
   */
  static bind(path: string, onMessage: (message: Uint8Array) => void): DatagramSocket {
    const native = loadPackage();
    return attempt(path, () => {
      checkSocketName(path);
      if (isStale(native, path)) removeSocketName(path);
      const socket = new DatagramSocket(native, path);
      const code = failure(socket.#native, () => socket.#native.bind(path));
      if (code !== undefined) {
        socket.#native.close();
        throw Object.assign(new Error(`cannot be bound: ${code}`), { code });
      }
      socket.#native.on('message', (message) => onMessage(plainBytes(message)));
      return socket;
    });
  }

  /** @returns false if the message was not sent: the receiver's queue is full, or there is no receiver. */
  send(message: Uint8Array, path: string): boolean {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    let refused = false;
    this.#native.send(bytes, 0, bytes.length, path, (error) => {
      refused = error !== undefined;
    });
    return !refused;
  }

  /** Closes the socket and removes its name. */
  close(): void {
    this.#native.close();
    removeSocketName(this.path);
  }
}

/** Whether a name exists to which no socket is bound. */
function isStale(native: NativePackage, path: string): boolean {
  const probe = native.createSocket('unix_dgram');
  const code = failure(probe, () => probe.connect(path));
  probe.close();
  return code === 'ECONNREFUSED';
}

/** Runs an action and returns the name of its error, if it fails. */
function failure(socket: NativeSocket, action: () => void): string | undefined {
  let code: string | undefined;
  // The package reports the system's error numbers as negative numbers.
  socket.on('error', ({ errno }) => {
    code = getSystemErrorName(errno);
  });
  action();
  return code;
}
