import { styleText } from 'node:util';
import type { PrintStyle } from '../capture/print/index.js';

const plain: PrintStyle = {
  name: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  warn: (text) => text,
  accent: (text) => text,
};

/** Colours when the output goes to a terminal; NO_COLOR and FORCE_COLOR are heeded. */
export function terminalStyle(toTerminal: boolean): PrintStyle {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const refused = FORCE_COLOR === '0' || (NO_COLOR !== undefined && NO_COLOR !== '' && !forced);
  if (refused || (!forced && !(toTerminal && process.stdout.isTTY))) return plain;
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

/** Columns of the terminal; undefined when the output goes elsewhere, and must not be wrapped. */
export function terminalWidth(): number | undefined {
  const { isTTY, columns } = process.stdout;
  // A serial console says 0, and nothing is readable in a few columns.
  return isTTY && columns >= 40 ? columns : undefined;
}
