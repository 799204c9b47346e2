import { createConnection, type Socket } from 'node:net';

export interface Received {
  readonly to: number;
  readonly frame: Uint8Array;
}

/** A record, framed here and not by what is tested. */
export function record(from: number, to: number, message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(6 + message.length);
  bytes.writeUInt16LE(4 + message.length, 0);
  bytes.writeUInt16LE(from, 2);
  bytes.writeUInt16LE(to, 4);
  bytes.set(message, 6);
  return bytes;
}

/** A connection to `serve --socket`, for any number of VMs. */
export class StreamPeer {
  /** The server has ended the connection. */
  readonly closed: Promise<void>;
  readonly received: Received[] = [];
  #pending = Buffer.alloc(0);
  #wanted: (() => void) | undefined;

  private constructor(readonly socket: Socket) {
    // A server that ends a connection which it has not read to the end resets it.
    socket.on('error', () => {});
    this.closed = new Promise((done) => socket.on('close', () => done()));
    void this.closed.then(() => this.#wanted?.());
  }

  /** @param reads a peer that does not lets the kernel's buffers fill. */
  static connect(path: string, reads = true): Promise<StreamPeer> {
    return new Promise((done, failed) => {
      const socket = createConnection(path, () => {
        const peer = new StreamPeer(socket);
        if (reads) peer.read();
        done(peer);
      });
      socket.once('error', failed);
    });
  }

  read(): void {
    this.socket.on('data', (chunk) => this.#take(chunk));
  }

  /** Done when the kernel has taken it. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((done) => this.socket.write(bytes, () => done()));
  }

  /** Sends as a VM to the manager and waits for so many messages. */
  async ask(from: number, message: Uint8Array, count: number): Promise<Received[]> {
    const before = this.received.length;
    void this.write(record(from, 255, message));
    await this.until(() => this.received.length >= before + count);
    return this.received.slice(before);
  }

  /** Waits for messages until there are those. Fails when the connection ends before. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) {
      if (this.socket.destroyed) throw new Error('the connection has ended');
      await new Promise<void>((done) => {
        this.#wanted = done;
      });
    }
  }

  /** Ends its side and waits until the server has read everything and ended the other. */
  end(): Promise<void> {
    this.socket.end();
    return this.closed;
  }

  #take(chunk: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#pending.length < 2) break;
      const size = 2 + this.#pending.readUInt16LE(0);
      if (this.#pending.length < size) break;
      if (this.#pending.readUInt16LE(2) !== 255) throw new Error('not from the manager');
      this.received.push({
        to: this.#pending.readUInt16LE(4),
        frame: new Uint8Array(this.#pending.subarray(6, size)),
      });
      this.#pending = this.#pending.subarray(size);
    }
    this.#wanted?.();
  }
}
