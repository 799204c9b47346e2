import { sameBytes } from './bytes.js';

const encoder = new TextEncoder();

/** The text of bytes that are valid UTF-8 without control characters (C0, DEL, C1), else undefined. */
export function decodeText(bytes: Uint8Array): string | undefined {
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte < 0x20 || byte === 0x7f) return undefined;
    if (byte > 0x7f) return decodeStrictly(bytes);
  }
  return latin1(bytes, 0, bytes.length);
}

/** Shorter texts are made of single characters, which takes less time than a view of their bytes. */
const singleMax = 24;
/** Most arguments of one call. */
const pieceMax = 1024;

/** The text of bytes [start, end), one character per byte: bytes of any kind stay comparable and reversible. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (end - at > singleMax) {
    const piece = bytes.subarray(at, Math.min(end, at + pieceMax));
    // V8 reads the elements of an array-like at once here, where spreading asks an iterator for each.
    text += String.fromCharCode.apply(undefined, piece as unknown as number[]);
    at += piece.length;
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** The inverse of {@link latin1}: the low eight bits of each character. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

// ignoreBOM keeps a byte order mark in the text. Without it, encoding would not give back all bytes.
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of UTF-8. What is none becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  const text = lenient.decode(bytes);
  if (/\p{Cc}/u.test(text)) return undefined;
  // Where bytes are no UTF-8, the text has U+FFFD for them. The exception of a strict decoder takes many times as long.
  return !text.includes('\ufffd') || sameBytes(encoder.encode(text), bytes) ? text : undefined;
}

/**
 * What a terminal obeys instead of showing it, or what makes one line look like two: control characters (C0, DEL, C1),
 * controls of the writing direction, and Unicode's separators of lines and paragraphs.
 */
const controls = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/gu;

/**
 * Text from outside as it may be printed: each control character as \u and four hex digits. In JSON text this changes
 * nothing that a parser sees.
 */
export function printable(text: string): string {
  if (isPlain(text)) return text;
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether a text is printable ASCII, as most are. This loop takes less time than the expression. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** The beginning of a text that is longer than `size` characters, and how much more there is. */
export function shortened(text: string, size = 400): string {
  return text.length > size ? `${text.slice(0, size)}... (${text.length - size} more characters)` : text;
}

/** Characters that {@link oneLine} leaves of a text. */
const LINE_MAX = 200;

/** The first line of a text. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}

/** The lines of a text in one, with colons between, for a message about it. What is long is cut. */
export function oneLine(text: string): string {
  const line = text
    .trim()
    .split(/\s*\n\s*/)
    .join(': ');
  return line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}...` : line;
}

/** UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Breaks text at spaces into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  // A space in front is not kept.
  if (text.length <= width && !text.startsWith(' ')) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
