import { createConnection, type Socket } from 'node:net';
import { constants } from '../../../schemas/index.js';
import { WireError } from '../../base/error.js';
import { RecordSplitter, writeRecord } from '../../serve/index.js';
import type { Connection, ConnectionEvents, Connector, Step } from '../../target/index.js';
import { FileError } from '../file-error.js';

const { VMID_RM } = constants;
/** Bytes that may wait for a manager that does not read. */
const BACKLOG_MAX = 16 * 1024 * 1024;
/** Time for a manager to take what waits at the end. */
const END_MS = 400;

/** Connections to a manager behind a unix stream socket (cli.md, "Live transports of serve"). */
export class StreamConnector implements Connector {
  readonly name: string;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame']);
  readonly isFresh = false;

  constructor(readonly path: string) {
    this.name = `socket:${path}`;
  }

  /** @throws FileError if nobody listens. */
  async open(events: ConnectionEvents): Promise<Connection> {
    const socket = await connected(this.path);
    const splitter = new RecordSplitter((_from, to, frame) => events.received(to, frame), 'manager');
    let isOpen = true;
    const end = (text: string) => {
      if (isOpen) events.ended({ kind: 'crash', text });
      isOpen = false;
      socket.destroy();
    };
    socket.on('data', (chunk) => {
      try {
        if (isOpen) splitter.push(chunk);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        end(`bad record: ${error.message}`);
      }
    });
    // The event `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => end('the connection has ended'));
    const send = (from: number, frame: Uint8Array) => {
      if (!isOpen) return;
      socket.write(writeRecord(from, VMID_RM, frame));
      if (socket.writableLength > BACKLOG_MAX) end('the manager does not read');
    };
    return {
      settles: false,
      put(step) {
        if (step.kind !== 'frame') throw new TypeError(`${step.kind} is none of its steps`);
        send(step.from, step.frame);
      },
      // A VM belongs to the connection that last sent as it; an empty message is enough for that.
      join: (vmid) => send(vmid, new Uint8Array(0)),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      async close() {
        isOpen = false;
        await ended(socket);
      },
    };
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = createConnection(path);
    const refused = (error: Error) => failed(new FileError(path, error));
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      done(socket);
    });
  });
}

/** Closes a socket when its peer has taken everything, or after a moment. */
function ended(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((done) => {
    socket.removeAllListeners('close').on('close', () => done());
    // What comes is not read any more.
    socket.end(() => socket.destroy());
    setTimeout(() => socket.destroy(), END_MS).unref();
  });
}
