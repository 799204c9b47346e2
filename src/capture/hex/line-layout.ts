import { GrowingBuffer } from '../packets/index.js';
import type { Recogniser } from './form.js';
import { turnMessage } from './groups.js';
import { LAYOUTS, looksLikeHex, parseMessageLine } from './message-line.js';
import { ambiguousLine, beginsHeader, type LinePlace } from './messages.js';

/** Bytes of a line of xxd -p. */
const XXD_ROW = 30;
/** Bytes at which people cut hex into lines. */
const ROWS: ReadonlySet<number> = new Set([8, 16, 32]);

/** Lines of hex: each is a message (`hex`), or several are (`xxd-p`); undefined while that is open. */
type Layout = 'hex' | 'xxd-p' | undefined;

/**
 * Recognises lines of hex and tells the two layouts apart. "Exactly 60 digits of which only the last is shorter" is
 * one dump (protocol/capture-format.md). When the last is full too, the text is one dump unless every line starts as
 * an RPC message does: the largest queue message, 240 bytes, is eight full lines.
 */
class LineLayout {
  readonly #row = new GrowingBuffer();
  #layout: Layout;
  #count = 0;
  /** Bytes of the first line, if it is one at which hex may have been cut. */
  #rowSize = 0;
  #isBare = false;
  #lastSize = 0;
  #allStart = true;
  #isProse = false;
  /** The first line looks like hex, and cannot be read. */
  #hasMistake = false;
  #isOut = false;

  line(place: LinePlace): Layout | 'none' {
    if (this.#isOut) return 'none';
    this.#layout ??= this.#next(place);
    return this.#isOut ? 'none' : this.#layout;
  }

  end(): Layout | 'none' | 'perhaps' {
    if (this.#isOut || this.#count === 0) return this.#hasMistake ? 'perhaps' : 'none';
    return this.#layout ?? (this.#isDump() ? 'xxd-p' : 'hex');
  }

  /** All lines so far are full but maybe the last. */
  #isDump(): boolean {
    return this.#count > 1 && this.#rowSize === XXD_ROW && (this.#lastSize < XXD_ROW || !this.#allStart);
  }

  #next(place: LinePlace): Layout {
    const { text } = place;
    const line = parseMessageLine(text, this.#row);
    if (line !== undefined) turnMessage(this.#row, line.pieceSize);
    const starts = beginsHeader(this.#row);
    if (this.#count === 0) {
      // Behind other text only what begins as a message does is taken for one.
      if (line === undefined || (this.#isProse && line.from === undefined && !starts))
        return this.#other(text);
      if (line.from !== undefined || line.goesOn) return this.#first('hex');
      if (!starts && isOffset(text)) {
        this.#isOut = true;
        return undefined;
      }
      return this.#first(this.#layoutOfFirst(line.pieces, starts));
    }
    if (line === undefined || line.from !== undefined) return this.#isDump() ? 'xxd-p' : 'hex';
    return this.#layoutOfNext(place, starts);
  }

  #other(text: string): Layout {
    // The first line of hex may have a mistake, which the reader then reports with its place.
    this.#hasMistake ||= !this.#isProse && looksLikeHex(text);
    this.#isProse ||= !this.#hasMistake;
    return undefined;
  }

  #first(layout: Layout): Layout {
    this.#count = 1;
    return layout;
  }

  #layoutOfFirst(pieces: number, starts: boolean): Layout {
    const size = this.#row.length;
    this.#isBare = pieces === 1;
    this.#allStart = starts;
    this.#lastSize = size;
    if (size === XXD_ROW && this.#isBare) this.#rowSize = size;
    else if (starts && ROWS.has(size) && (size > 8 || !this.#isBare)) this.#rowSize = size;
    return starts && this.#rowSize === 0 ? 'hex' : undefined;
  }

  #layoutOfNext(place: LinePlace, starts: boolean): Layout {
    const size = this.#row.length;
    const last = this.#lastSize;
    this.#count += 1;
    this.#lastSize = size;
    if (this.#rowSize === 0) return starts ? 'hex' : undefined;
    if (this.#rowSize === XXD_ROW && this.#isBare) {
      this.#allStart &&= starts;
      return last < XXD_ROW || size > XXD_ROW ? 'hex' : undefined;
    }
    if (starts || size > this.#rowSize || size === 0) return 'hex';
    if (!this.#isBare) return 'xxd-p';
    throw ambiguousLine(place, LAYOUTS);
  }
}

/** The first word has another width than all others, which are single bytes, or is an address: it is no data. */
function isOffset(text: string): boolean {
  if (/^\s*0x[0-9a-f]{3,}:\s/i.test(text)) return true;
  const words = text.trim().split(/[\s:,]+/);
  const [first = '', ...others] = words;
  return (
    !/^0x/i.test(first) && first.length > 2 && others.length > 1 && others.every(({ length }) => length === 2)
  );
}

/** Recognises one of the two layouts. */
export function byLayout(wanted: 'hex' | 'xxd-p'): () => Recogniser {
  return () => {
    const layout = new LineLayout();
    return {
      line: (text, number, offset) => {
        const found = layout.line({ text, number, offset });
        if (found === undefined) return 'later';
        return found === wanted ? 'yes' : 'no';
      },
      end: () => {
        const found = layout.end();
        return found === 'perhaps' ? wanted === 'hex' && found : found === wanted;
      },
    };
  };
}
