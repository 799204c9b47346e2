import { UsageError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { printable } from '../../base/text.js';
import type { PathNode } from '../keys/index.js';
import type { Json } from '../payload/index.js';
import { type Fields, pathNamed, valuesAt } from './filter.js';

/** Separators that have a name. Any other text stands for itself. */
const separators: Readonly<Record<string, string>> = { csv: ',', tsv: '\t', tab: '\t', '\\t': '\t' };

/** The separator that `--separator` names. @throws UsageError for one that would make the columns ambiguous. */
export function separatorNamed(text: string): string {
  const separator = separators[text.toLowerCase()] ?? text;
  if (!/["\r\n]/.test(separator) && separator !== '') return separator;
  const expected = 'csv, tsv, or a text without quotes and line breaks';
  throw new UsageError({ code: 'option', path: '--separator', expected, actual: JSON.stringify(text) });
}

/**
 * Chosen values of records as a table for scripts: a line per record, a column per key. Values that contain the
 * separator, a quote or a line break are in quotes, in which a quote is doubled (RFC 4180). A list is its entries with
 * commas between them. Lines end with a line feed.
 */
export class Columns {
  readonly #paths: readonly (readonly string[])[];
  readonly #separator: string;

  /** @throws UsageError for a key that no record has. */
  constructor(keys: readonly string[], names: PathNode, separator: string) {
    this.#paths = keys.map((key) => {
      try {
        return pathNamed(key, names);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        throw new UsageError({
          ...error,
          code: error.code,
          path: '-e',
          expected: error.expected,
          actual: key,
        });
      }
    });
    this.#separator = separator;
  }

  /** The line of the names. */
  get header(): string {
    return this.#line(this.#paths.map((path) => path.join('.')));
  }

  line(fields: Fields): string {
    return this.#line(this.#paths.map((path) => valuesAt(fields, path).map(cellText).join(',')));
  }

  #line(cells: readonly string[]): string {
    return `${cells.map((cell) => this.#quoted(cell)).join(this.#separator)}\n`;
  }

  #quoted(cell: string): string {
    const isPlain = !/["\r\n]/.test(cell) && !cell.includes(this.#separator);
    return isPlain ? cell : `"${cell.replaceAll('"', '""')}"`;
  }
}

/** Line breaks and tabs stay: they are data in a quoted cell. Other control characters are escaped. */
function cellText(json: Json): string {
  if (json === null) return '';
  if (typeof json === 'object') return jsonText(json);
  return String(json).replace(/[^\t\r\n]+/g, printable);
}
