/** Bytes of a GUID. */
export const GUID_SIZE = 16;

const FIELD_DIGITS = 4;
/** A dash stands before these of the eight fields. */
const DASH_BEFORE: readonly number[] = [2, 3, 4, 5];

/**
 * Reads a GUID text as RM does: like a scan format of eight hexadecimal fields of at most four characters,
 * laid out 4 4 - 4 - 4 - 4 - 4 4 4 (rm-internals.md, section 1). A field may be shorter, may begin with
 * blanks, a sign or 0x (all but the blanks use up its characters); text behind the last field is ignored.
 *
 * @returns 16 bytes in reading order, or undefined when a field or dash is missing.
 */
export function parseGuid(text: string): Uint8Array | undefined {
  const guid = new Uint8Array(GUID_SIZE);
  let at = 0;
  for (let field = 0; field < 8; field++) {
    if (DASH_BEFORE.includes(field)) {
      if (text[at] !== '-') return undefined;
      at++;
    }
    while (/[ \t\n\v\f\r]/.test(text[at] ?? '')) at++;
    const end = at + FIELD_DIGITS;
    const negative = text[at] === '-';
    if (negative || text[at] === '+') at++;
    if (at + 1 < end && text[at] === '0' && /[xX]/.test(text[at + 1] ?? '')) {
      at += 2;
      if (!isHexDigit(text, at, end)) return undefined;
    }
    const start = at;
    while (isHexDigit(text, at, end)) at++;
    if (at === start) return undefined;
    const value = Number.parseInt(text.slice(start, at), 16);
    const stored = negative ? -value : value;
    guid[field * 2] = (stored >> 8) & 0xff;
    guid[field * 2 + 1] = stored & 0xff;
  }
  return guid;
}

function isHexDigit(text: string, at: number, end: number): boolean {
  return at < end && /[0-9a-fA-F]/.test(text[at] ?? '');
}
