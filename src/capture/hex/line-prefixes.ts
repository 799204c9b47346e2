const ESCAPE = '\u001b';
const BELL = '\u0007';
/** Colours and titles of terminals. */
const ESCAPES = new RegExp(`${ESCAPE}(?:\\[[\\d;?]*[ -/]*[@-~]|\\][^${BELL}]*${BELL}?|[()].)`, 'g');
/** Spaces of web pages and word processors, and characters that take no room. */
const SPACES = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g;
const NOTHING = /[\u200b\u2060\ufeff]/g;

/** What a web page has around a text. */
const MARKUP = /^\s*<(?:pre|code)[^<>]{0,200}>|<\/(?:pre|code)>\s*$/g;

/** The lines that a terminal would show for one: without escape sequences, with plain spaces, cut where a CR stands. */
export function shownLines(line: string): readonly string[] {
  if (PLAIN.test(line)) return [line.includes('<') ? line.replace(MARKUP, '') : line];
  const text = line.replace(MARKUP, '').replace(ESCAPES, '').replace(SPACES, ' ').replace(NOTHING, '');
  return text.includes('\r') ? text.split('\r').filter((piece) => piece !== '') : [text];
}

/** As almost all lines are. */
const PLAIN = /^[\t -~]*$/;

/**
 * What programs and people put before the lines of a text that they show: quotes, numbers of lines, times, names of
 * programs. Each row is one of them, at the beginning of a line, behind spaces; a line may have several. No row begins
 * with spaces of its own: two expressions for the same spaces take the square of their number.
 */
const PREFIXES: readonly RegExp[] = [
  // A mail that is quoted, and other programs that mark lines.
  /(?:>\s?)+/,
  /[|\u2502] ?/,
  /[+](?=[\s\da-f[<"'{])/,
  /[*\u2022] /,
  /\w[\w.-]* +\| /,
  // Numbers of lines: of cat -n, of lists, of grep with and without the name of the file.
  /(?:[1-9]\d{0,5}(?:[:\t](?![\da-f]{2}[:\t])|\. )|(?<=\s)[1-9]\d{0,5} {2}) ?/,
  /[\w./~-]*\.\w+(?::\d{1,7}:|-\d{1,7}-)/,
  // Level, day and time of syslog and of the journal; then the host and the program.
  /<\d+>/,
  /[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d(?:\.\d+)? (?:\S+ (?:kernel|[^\s[\]]+\[\d+\]): )?/,
  /\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z| ?[+-][\d:]+)? (?:\S+ (?:kernel|[^\s[\]]+\[\d+\]): )?/,
  /\d\d:\d\d:\d\d[.,]\d+ /,
  // Times in brackets, of dmesg and of programs for serial lines; the thread or the processor, and the task.
  /\[[^\]]{0,40}\d[.:]\d[^\]]{0,40}\](?:\s*\[\s*[TC]\d+\])? ?/,
  /\[\d+: *[^\]:]{1,20}(?:: *\d+)?\] ?/,
  // Logcat, long and short; ESP-IDF.
  /\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ [A-Z] [^:]{1,40}: /,
  /[VDIWEF](?:\/[^(:]{1,40}\( *\d+\)| \(\d+\) \w{1,40}): /,
  // A directive of an assembler.
  /(?:\.byte|\.?d[bc](?:\.b)?)\s+(?=0x)/,
];

const FIRST = new RegExp(`^\\s*(?:${PREFIXES.map(({ source }) => source).join('|')})`);
/** Most of them before one line. */
const DEPTH = 6;

/** The line without what was put before it. */
export function withoutPrefixes(line: string): string {
  let text = line.startsWith('`') ? line.replaceAll('`', '') : line;
  for (let depth = 0; depth < DEPTH; depth++) {
    const size = FIRST.exec(text)?.[0].length ?? 0;
    if (size === 0) break;
    text = text.slice(size);
  }
  return text;
}
