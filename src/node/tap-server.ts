import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { PcapngWriter } from '../capture/pcap/index.js';
import { wallClock } from './clock.js';
import { FileError } from './file-error.js';
import { listenAt } from './unix-listen.js';

/** Bytes that may wait for a reader. One that is slower is cut off: the manager does not wait for it. */
const backlogMax = 64 * 1024 * 1024;
/** Time for a reader to take what waits at the end. */
const endMs = 400;

/** Lets others watch: whoever connects to a unix socket gets all messages from then on, as pcapng. */
export class TapServer {
  readonly #server: Server;
  readonly #watchers: ReadonlyMap<Socket, PcapngWriter>;

  private constructor(server: Server, watchers: ReadonlyMap<Socket, PcapngWriter>) {
    this.#server = server;
    this.#watchers = watchers;
  }

  /** Takes connections at a path. @throws FileError */
  static async listen(path: string): Promise<TapServer> {
    const watchers = new Map<Socket, PcapngWriter>();
    const server = createServer((socket) => {
      const writer = new PcapngWriter((bytes) => {
        // The writer uses its array again.
        socket.write(bytes.slice());
      });
      watchers.set(socket, writer);
      writer.flush();
      // What it sends is not read, so that its end is noticed.
      socket.resume();
      socket.on('error', () => {});
      socket.on('close', () => watchers.delete(socket));
    });
    await listenAt(server, path);
    return new TapServer(server, watchers);
  }

  /** Sends a message to all that watch. @param comment comment of the packet. */
  message(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    if (this.#watchers.size === 0) return;
    const time = wallClock();
    for (const [socket, writer] of this.#watchers) {
      writer.packet(from, to, message, 0, message.byteLength, time, comment);
      writer.flush();
      if (socket.writableLength > backlogMax) socket.destroy();
    }
  }

  /** Ends all connections and removes the name. */
  close(): Promise<void> {
    for (const socket of this.#watchers.keys()) socket.end();
    setTimeout(() => {
      for (const socket of this.#watchers.keys()) socket.destroy();
    }, endMs).unref();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

/** The other end of a `TapServer`: a stream of pcapng. */
export class TapConnection {
  /** Rejects with FileError if nobody listens or the connection breaks. */
  readonly ended: Promise<void>;
  readonly stop: () => void;

  /** @param output gets the bytes. The array is not used again. */
  constructor(path: string, output: (bytes: Uint8Array) => void) {
    const socket = createConnection(path);
    socket.on('data', output);
    this.stop = () => socket.destroy();
    this.ended = new Promise((done, failed) => {
      socket.on('error', (error) => failed(new FileError(path, error)));
      socket.on('close', () => done());
    });
  }
}
