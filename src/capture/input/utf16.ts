import { encodeText } from '../../base/text.js';

/** Names of the encoding by the byte-order mark with which a text begins. */
const MARKS = [
  { mark: [0xff, 0xfe], label: 'utf-16le' },
  { mark: [0xfe, 0xff], label: 'utf-16be' },
] as const;

/** Turns UTF-16 into UTF-8, as consoles of Windows write files. A text that does not begin with its mark stays as it is. */
export class Utf16Input {
  #start: Uint8Array | undefined = new Uint8Array(0);
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  /** @returns the next bytes as UTF-8. None while the first byte may be half of a mark. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#start === undefined ? chunk : this.#begin(this.#start, chunk);
    return this.#decoder === undefined ? bytes : encodeText(this.#decoder.decode(bytes, { stream: true }));
  }

  /** @returns what is left when no more bytes come. */
  end(): Uint8Array {
    return this.#start ?? new Uint8Array(0);
  }

  #begin(before: Uint8Array, chunk: Uint8Array): Uint8Array {
    const start = before.length === 0 ? chunk : Uint8Array.from([...before, ...chunk]);
    const fits = MARKS.find(({ mark }) => mark.every((byte, at) => at >= start.length || start[at] === byte));
    if (fits !== undefined && start.length < fits.mark.length) {
      this.#start = start.slice();
      return new Uint8Array(0);
    }
    this.#start = undefined;
    if (fits !== undefined) this.#decoder = new TextDecoder(fits.label);
    return start;
  }
}
