import { latin1Bytes } from '../base/text.js';

/** The strings block of a devicetree: names of properties, each with its NUL. One character per byte. */
export class NameBlock {
  #text: string;
  readonly #offsets = new Map<string, number>();
  readonly #sharesTails: boolean;

  /** @param sharesTails a name that is the end of one already there takes no room, as in libfdt. */
  constructor(text = '', sharesTails = false) {
    this.#text = text;
    this.#sharesTails = sharesTails;
  }

  /** Where a name is; it is added if it is not there. */
  offsetOf(name: string): number {
    let offset = this.#offsets.get(name);
    if (offset !== undefined) return offset;
    const terminated = `${name}\0`;
    offset = this.#sharesTails ? this.#text.indexOf(terminated) : -1;
    if (offset < 0) {
      offset = this.#text.length;
      this.#text += terminated;
    }
    this.#offsets.set(name, offset);
    return offset;
  }

  /** Bytes. */
  get size(): number {
    return this.#text.length;
  }

  get bytes(): Uint8Array {
    return latin1Bytes(this.#text);
  }
}
