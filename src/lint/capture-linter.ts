import { protocol } from '../../schemas/index.js';
import { ByteSlab } from '../base/byte-slab.js';
import type { Packet } from '../capture/packets/index.js';
import { RouteGuess } from '../capture/records/index.js';
import { CaptureSteps } from '../sim/index.js';
import { Linter } from './linter.js';
import type { LinterOptions, ModelElsewhere } from './options.js';

/** A file that is in the machine's memory when the capture begins. */
export interface LoadedFile {
  /** Physical address of its first byte. */
  readonly address: number;
  /** As {@link LinterOptions.file} knows it. */
  readonly name: string;
}

/** The line of a recording that puts a file into memory. */
export function loadLine({ address, name }: LoadedFile): object {
  return { op: 'load', address: `0x${address.toString(16)}`, file: name };
}

/** Finds in the packets of a capture, which come one by one, what a {@link Linter} finds in a recording. */
export class CaptureLinter {
  readonly #linter: Linter;
  readonly #steps: CaptureSteps;
  readonly #route = new RouteGuess(protocol);
  readonly #copies = new ByteSlab();
  #moments = 0;

  constructor(options: Omit<LinterOptions, 'isCapture'>, loads: readonly LoadedFile[] = []) {
    const linter = new Linter({ ...options, isCapture: true });
    let isFirst = true;
    this.#linter = linter;
    const take = (line: unknown) => {
      this.#moments++;
      linter.line(line);
    };
    this.#steps = new CaptureSteps(
      (line) => {
        take(line);
        if (!isFirst) return;
        isFirst = false;
        for (const file of loads) take(loadLine(file));
      },
      (step) => {
        this.#moments++;
        linter.step(step);
      },
    );
  }

  /** Lines that the packets have become so far, and the end: how often a {@link ModelElsewhere} was asked. */
  get moments(): number {
    return this.#moments;
  }

  /** Takes the next packet, whose bytes may change afterwards. @throws WireError when its comment is no operation. */
  packet(packet: Packet): void {
    const route = this.#route;
    route.take(packet);
    const { from, to } = route;
    const frame = this.#copies.copy(packet.view, packet.start, packet.end);
    // What its comment says happened before it.
    this.#steps.message(from, to, frame, packet.comment);
    this.#linter.packet(packet, from, to, frame);
  }

  /** RM has done everything that the messages so far made it do. Else the next message of a VM tells. */
  flush(): void {
    this.#steps.flush();
  }

  /** The capture ends. @throws WireError when a comment was no operation. */
  end(): void {
    this.#steps.end();
    this.#moments++;
    this.#linter.end();
  }
}
