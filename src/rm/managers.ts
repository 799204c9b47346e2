import { modernRows } from './handlers/modern/index.js';
import type { HandlerRow } from './handlers/row.js';
import { rm23Rows } from './handlers/rows.js';

/** Whose manager it is: what it answers to which message. */
export interface ManagerProfile {
  readonly name: string;
  /** For people. */
  readonly doc: string;
  readonly rows: readonly HandlerRow[];
}

export const managers = {
  rm23: {
    name: 'rm23',
    doc: 'the public manager of December 2023, as recorded',
    rows: rm23Rows,
  },
  modern: {
    name: 'modern',
    doc: "rm23, and the messages that today's clients send besides; what is assumed of them is marked",
    rows: [...rm23Rows, ...modernRows],
  },
} as const satisfies Readonly<Record<string, ManagerProfile>>;
export type ManagerName = keyof typeof managers;
