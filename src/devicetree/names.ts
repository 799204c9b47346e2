import { latin1Bytes } from '../base/text.js';

/** The strings block of a devicetree: names of properties, each with its NUL. One character per byte. */
export class NameBlock {
  #text: string;
  readonly #offsets = new Map<string, number>();
  readonly #sharesTails: boolean;
  /** The names of the block and where they begin, where names share tails. */
  readonly #names: string[] = [];
  readonly #starts: number[] = [];
  /** What stands behind the last NUL of the block that was given: the next name continues it. */
  #open = '';

  /** @param sharesTails a name that is the end of one already there takes no room, as in libfdt. */
  constructor(text = '', sharesTails = false) {
    this.#text = text;
    this.#sharesTails = sharesTails;
    if (!sharesTails) return;
    let start = 0;
    for (const name of text.split('\0')) {
      this.#names.push(name);
      this.#starts.push(start);
      start += name.length + 1;
    }
    this.#open = this.#names.pop() as string;
    this.#starts.pop();
  }

  /** Where a name is; it is added if it is not there. It has no NUL. */
  offsetOf(name: string): number {
    let offset = this.#offsets.get(name);
    if (offset !== undefined) return offset;
    offset = this.#sharesTails ? this.#tailOf(name) : -1;
    if (offset < 0) {
      offset = this.#text.length;
      this.#add(name);
    }
    this.#offsets.set(name, offset);
    return offset;
  }

  #add(name: string): void {
    if (this.#sharesTails) {
      this.#names.push(this.#open + name);
      this.#starts.push(this.#text.length - this.#open.length);
      this.#open = '';
    }
    this.#text += `${name}\0`;
  }

  /**
   * Where the first name that ends with this one has it, -1 if none does. A search in the whole text would have V8 copy the
   * text after each name that is added.
   */
  #tailOf(name: string): number {
    const first = name.charCodeAt(0);
    for (let index = 0; index < this.#names.length; index++) {
      const other = this.#names[index] as string;
      const at = other.length - name.length;
      // Most names differ in this character already, and comparing it takes a tenth of the time of `endsWith`.
      if (at < 0 || (name.length > 0 && other.charCodeAt(at) !== first)) continue;
      if (other.endsWith(name)) return (this.#starts[index] as number) + at;
    }
    return -1;
  }

  /** Bytes. */
  get size(): number {
    return this.#text.length;
  }

  get bytes(): Uint8Array {
    return latin1Bytes(this.#text);
  }
}
