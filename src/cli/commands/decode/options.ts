import type { InputFormat } from '../../../capture/input/index.js';
import type { TextOptions } from '../../text-printer.js';

/** The options as commander parses them. */
export interface DecodeOptions extends TextOptions {
  readonly T?: 'text' | 'json' | 'fields';
  readonly e?: readonly string[];
  readonly separator: string;
  readonly header?: true;
  readonly limit?: number;
  readonly fromTime?: string;
  readonly toTime?: string;
  readonly json?: true;
  readonly frames?: true;
  readonly summary?: true;
  /** Seconds. */
  readonly stats?: number;
  readonly follow?: true;
  readonly allQueues?: true;
  readonly filter?: string;
  readonly to?: 'pcapng' | 'hex' | 'parquet';
  readonly output: string;
  readonly format?: InputFormat;
  readonly rules: string;
  /** Threads; 1 by default. */
  readonly jobs: number;
}
