import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { WireError } from '../base/error.js';
import { errorText } from '../base/sentence.js';
import { CaptureInput } from '../capture/input/index.js';
import { copyPacket, PcapngWriter } from '../capture/pcap/index.js';
import { RouteGuess } from '../capture/records/index.js';
import type { Protocol } from '../schema/index.js';
import { FileError } from './file-error.js';

/** Where a page that watches a capture asks for it. */
export const livePath = '/capture';

/** A capture that grows. Whoever asks gets all of it from the beginning, and what is added, as pcapng. */
export class LiveCapture {
  readonly #protocol: Protocol;
  readonly #follow: (stop: AbortSignal) => AsyncIterable<AsyncIterable<Uint8Array>>;
  readonly #warn: (text: string) => void;

  /**
   * @param follow opens the capture, in parts: each is a file of its own, such as those of a log that is rotated.
   * @param warn is told what of a part cannot be read.
   */
  constructor(
    protocol: Protocol,
    follow: (stop: AbortSignal) => AsyncIterable<AsyncIterable<Uint8Array>>,
    warn: (text: string) => void,
  ) {
    this.#protocol = protocol;
    this.#follow = follow;
    this.#warn = warn;
  }

  /** Sends the capture until the reader is gone. No more is read than it takes, so that memory is bounded. */
  async send(response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const writer = new PcapngWriter((bytes) => response.write(bytes.slice()));
    // A reader waits for the first bytes.
    writer.flush();
    try {
      for await (const part of this.#follow(gone.signal))
        await this.#part(part, writer, response, gone.signal);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#warn(error.message);
    }
    response.end();
  }

  async #part(
    part: AsyncIterable<Uint8Array>,
    writer: PcapngWriter,
    response: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const guess = new RouteGuess(this.#protocol);
    const input = new CaptureInput(
      this.#protocol,
      undefined,
      (packet) => {
        // A capture has no place for the queue: its packets would be taken for RM's.
        if (packet.queue !== undefined) return;
        const [from, to] = guess.of(packet);
        copyPacket(writer, from, to, packet);
      },
      () => {},
    );
    try {
      for await (const piece of part) {
        input.push(piece);
        writer.flush();
        if (response.writableNeedDrain) await once(response, 'drain', { signal: gone }).catch(() => {});
      }
      if (!gone.aborted) input.end();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#warn(errorText(error));
    }
    writer.flush();
  }
}
