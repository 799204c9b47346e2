import type { Protocol } from '../../schema/index.js';

/** Colours, as functions from text to text; `src/node` makes those of a terminal. */
export interface PrintStyle {
  /** The functions change nothing. */
  readonly isPlain?: true;
  name(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  accent(text: string): string;
}

export interface PrintOptions {
  readonly protocol: Protocol;
  readonly style: PrintStyle;
  /** Columns to wrap at; undefined = never. */
  readonly width: number | undefined;
  /** Whether the bytes follow the fields; the records must then hold them. */
  readonly hex: boolean;
}
