import { createServer, type Server, type Socket } from 'node:net';
import { constants } from '../../schemas/index.js';
import { WireError } from '../base/error.js';
import { RecordSplitter, writeRecord } from '../serve/index.js';
import { listenAt } from './unix-listen.js';

const { VMID_RM } = constants;

/** A session of a client over a connection. */
export interface ClientSession {
  /** A VM has sent a queue message. */
  received(from: number, frame: Uint8Array): void;
  /** Nothing has come for a while. @returns false when the session is over. */
  idle(): boolean;
}

/** Takes connections of clients, one after the other: each is a session. */
export class ClientServer {
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #wake: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      socket.pause();
      // The peer is gone. The event `close` follows.
      socket.on('error', () => {});
      this.#waiting.push(socket);
      this.#wake?.();
    });
  }

  /** Takes connections at a path. @throws FileError */
  static async listen(path: string): Promise<ClientServer> {
    const server = createServer();
    const own = new ClientServer(server);
    await listenAt(server, path);
    return own;
  }

  /**
   * One session: the next connection, up to its end.
   *
   * @param idleMs time without messages after which the session is asked. @param waitMs time for a client to connect.
   * @returns false if none has come.
   */
  async session(
    open: (send: (to: number, frame: Uint8Array) => void) => ClientSession,
    idleMs: number,
    waitMs: number,
  ): Promise<boolean> {
    const socket = await this.#next(waitMs);
    if (socket === undefined) return false;
    const session = open((to, frame) => void socket.write(writeRecord(VMID_RM, to, frame)));
    const splitter = new RecordSplitter((from, _to, frame) => session.received(from, frame));
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        if (!session.idle()) socket.destroy();
      }, idleMs);
      socket.on('data', (chunk) => {
        timer.refresh();
        try {
          splitter.push(chunk);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          socket.destroy();
        }
      });
      socket.on('close', () => {
        clearInterval(timer);
        done();
      });
      socket.resume();
    });
    return true;
  }

  /** Gives up waiting for a client, and removes the name. */
  close(): Promise<void> {
    this.#wake?.();
    for (const socket of this.#waiting) socket.destroy();
    return new Promise((done) => this.#server.close(() => done()));
  }

  async #next(waitMs: number): Promise<Socket | undefined> {
    if (this.#waiting.length === 0)
      await new Promise<void>((done) => {
        const timer = setTimeout(done, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    this.#wake = undefined;
    return this.#waiting.shift();
  }
}
