import { createServer, type Server, type Socket } from 'node:net';
import { constants } from '../../schemas/index.js';
import { WireError } from '../base/error.js';
import {
  type Counterpart,
  isWatchRequest,
  type Outlet,
  RecordSplitter,
  writeRecord,
} from '../serve/index.js';
import type { Watchers } from './tap-server.js';
import { listenAt } from './unix-listen.js';

const { VMID_RM } = constants;

/** Serves VMs over a unix stream socket: records in both directions, for any number of VMs per connection. */
export class StreamServer {
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  /**
   * Takes connections at a path. A name that an ended process has left behind is replaced.
   *
   * @param watchers take the connections that ask to watch. @throws FileError
   */
  static async listen(path: string, counterpart: Counterpart, watchers: Watchers): Promise<StreamServer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      serveConnection(socket, counterpart, watchers);
    });
    await listenAt(server, path);
    return new StreamServer(server, sockets);
  }

  /** Ends all connections and removes the name. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

/** One piece of so many bytes has hundreds of records. */
const floodSize = 8 * 1024;

/**
 * Lets the other connections have a turn before this one is read on. Node reads a connection that has more up to 32 times
 * before it looks at the next one.
 */
function giveTurn(socket: Socket): void {
  socket.pause();
  setImmediate(() => socket.resume());
}

function serveConnection(socket: Socket, counterpart: Counterpart, watchers: Watchers): void {
  const outlet: Outlet = {
    // `write` buffers what the socket does not take at once. So a message that is taken is never lost.
    send: (vmid, message) => {
      if (socket.writableNeedDrain || !socket.writable) return false;
      socket.write(writeRecord(VMID_RM, vmid, message));
      return true;
    },
    close: () => socket.destroy(),
  };
  let isWatching = false;
  const splitter = new RecordSplitter((from, to, message) => {
    if (isWatching) return;
    isWatching = isWatchRequest(from, to, message);
    if (isWatching) watchers.add(socket);
    else counterpart.receive(outlet, from, to, message);
  });
  socket.on('data', (chunk) => {
    if (isWatching) return;
    if (chunk.length >= floodSize) giveTurn(socket);
    try {
      splitter.push(chunk);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      socket.destroy();
    }
  });
  socket.on('drain', () => counterpart.resume(outlet));
  socket.on('close', () => counterpart.leave(outlet));
  // The peer is gone. The event `close` follows.
  socket.on('error', () => {});
}
