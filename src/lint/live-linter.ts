import { emptyPacket, putMessage } from '../capture/packets/index.js';
import { CaptureLinter, type LoadedFile, loadLine } from './capture-linter.js';
import type { LinterOptions } from './options.js';

/** Finds what will hurt somebody in the messages of a manager that runs, while they are sent. */
export class LiveLinter {
  readonly #linter: CaptureLinter;
  readonly #loads: readonly LoadedFile[];
  readonly #packet = emptyPacket();
  #hasBooted = false;

  /** @param loads what is in memory after each boot. All other memory is empty. */
  constructor(options: Omit<LinterOptions, 'isCapture' | 'knowsMemory'>, loads: readonly LoadedFile[]) {
    this.#loads = loads;
    this.#linter = new CaptureLinter({ ...options, knowsMemory: true }, loads);
  }

  /** A message was put on a queue. */
  message(from: number, to: number, frame: Uint8Array): void {
    const packet = this.#packet;
    packet.frame++;
    putMessage(packet, from, to, frame);
    packet.comment = this.#hasBooted ? this.#boot() : undefined;
    this.#hasBooted = false;
    this.#linter.packet(packet);
  }

  /** The manager has handled what was sent to it. */
  settled(): void {
    this.#linter.flush();
  }

  /** The manager has booted again. */
  rebooted(): void {
    this.#linter.flush();
    this.#hasBooted = true;
  }

  end(): void {
    this.#linter.end();
  }

  /** What a comment of a capture says of a boot. */
  #boot(): string {
    return [{ op: 'reboot' }, ...this.#loads.map(loadLine)].map((line) => JSON.stringify(line)).join('\n');
  }
}
