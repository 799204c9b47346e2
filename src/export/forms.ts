import type { Protocol } from '../schema/index.js';
import { exportC } from './c.js';
import { exportLua } from './lua.js';

/** What `export` can write, each from the protocol alone. */
export const exportForms = {
  lua: exportLua,
  c: exportC,
} as const satisfies Readonly<Record<string, (protocol: Protocol) => string>>;

export type ExportForm = keyof typeof exportForms;
