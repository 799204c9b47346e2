import type { ByteWriter } from './byte-writer.js';

/** Where lines of text go. */
export interface TextOutput {
  /** What was put here is part of the output after the next call of `written`. */
  readonly writer: ByteWriter;
  written(): void;
  write(text: string): void;
}
