import { styleText } from 'node:util';
import type { PrintStyle } from '../capture/print/index.js';
import type { Stdio } from './stdio.js';

const plain: PrintStyle = {
  isPlain: true,
  name: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  warn: (text) => text,
  accent: (text) => text,
};

/** Colours if the output goes to a terminal. The variables NO_COLOR and FORCE_COLOR override this. */
export function terminalStyle({ env, columns }: Stdio, toTerminal: boolean): PrintStyle {
  const { NO_COLOR, FORCE_COLOR } = env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const refused = FORCE_COLOR === '0' || (NO_COLOR !== undefined && NO_COLOR !== '' && !forced);
  if (refused || (!forced && !(toTerminal && columns !== undefined))) return plain;
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    name: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    bad: paint(['bold', 'red']),
    warn: paint('yellow'),
    accent: paint('cyan'),
  };
}

/** Columns of the terminal. Undefined if the output goes elsewhere: then it must not be wrapped. */
export function terminalWidth({ columns }: Stdio): number | undefined {
  // Serial consoles report 0 columns, and text in few columns is not readable.
  return columns !== undefined && columns >= 40 ? columns : undefined;
}
