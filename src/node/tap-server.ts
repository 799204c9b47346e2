import { createConnection, createServer, type Socket } from 'node:net';
import { plainBytes } from '../base/bytes.js';
import { PcapngWriter } from '../capture/pcap/index.js';
import { watchRequest } from '../serve/index.js';
import { wallClock } from './clock.js';
import { FileError } from './file-error.js';
import { listenAt } from './unix-listen.js';

/** Bytes that may wait for a reader. One that is slower is cut off: the manager does not wait for it. */
const backlogMax = 64 * 1024 * 1024;
/** Time for a reader to take what waits at the end. */
const endMs = 400;

/** Connections that get all messages from the moment at which they are added, as pcapng. */
export class Watchers {
  readonly #writers = new Map<Socket, PcapngWriter>();

  /** From now on the connection is a watcher. What it sends is not read. */
  add(socket: Socket): void {
    const writer = new PcapngWriter((bytes) => {
      // The writer uses its array again.
      socket.write(bytes.slice());
    });
    this.#writers.set(socket, writer);
    writer.flush();
    // So that its end is noticed.
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => this.#writers.delete(socket));
  }

  /** Sends a message to all that watch. @param comment comment of the packet. */
  message(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    if (this.#writers.size === 0) return;
    const time = wallClock();
    for (const [socket, writer] of this.#writers) {
      writer.packet(from, to, message, 0, message.byteLength, time, comment);
      writer.flush();
      if (socket.writableLength > backlogMax) socket.destroy();
    }
  }

  /** Ends all connections. */
  close(): void {
    const sockets = [...this.#writers.keys()];
    for (const socket of sockets) socket.end();
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, endMs).unref();
  }
}

/**
 * Lets others watch: whoever connects to a unix socket gets all messages from then on, as pcapng.
 *
 * @returns removes the name of the socket. Connections end with their watchers. @throws FileError
 */
export async function serveTap(path: string, watchers: Watchers): Promise<() => Promise<void>> {
  const server = createServer((socket) => watchers.add(socket));
  await listenAt(server, path);
  return () => new Promise((done) => server.close(() => done()));
}

/** A tap socket sends the head of its capture at once. After this time the other end is asked to let us watch. */
const silentMs = 200;
/** Time for the answer. */
const answerMs = 2000;

/** The other end of {@link serveTap}, or of a manager's own socket: a stream of pcapng. */
export class TapConnection {
  /** The capture has begun. Never, if `ended` rejects. */
  readonly begun: Promise<void>;
  /** Rejects with FileError if nobody listens, if the other end sends no capture, or if the connection breaks. */
  readonly ended: Promise<void>;
  readonly stop: () => void;

  /** @param output gets the bytes. The array is not used again. */
  constructor(path: string, output: (bytes: Uint8Array) => void) {
    const socket = createConnection(path);
    const asking = setTimeout(() => socket.write(watchRequest), silentMs);
    const giving = setTimeout(() => {
      socket.destroy(new Error('it sends no capture: neither a tap nor a manager that can be watched'));
    }, answerMs);
    const clear = () => {
      clearTimeout(asking);
      clearTimeout(giving);
    };
    socket.once('data', clear);
    this.begun = new Promise((done) => socket.once('data', () => done()));
    socket.on('data', (bytes) => output(plainBytes(bytes)));
    this.stop = () => socket.destroy();
    this.ended = new Promise((done, failed) => {
      socket.on('error', (error) => failed(new FileError(path, error)));
      socket.on('close', () => {
        clear();
        done();
      });
    });
  }
}
