/**
 * The words of a command line as a POSIX shell separates them, without their quotes. The last one is at the end of the
 * line: it is empty behind a space, and its quotes may be open.
 */
export function shellWords(line: string): string[] {
  const words = [''];
  let quote = '';
  let isWord = false;
  const add = (text: string) => {
    words[words.length - 1] += text;
    isWord = true;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[at + 1] ?? ''))
        add(line[++at] as string);
      else add(char);
    } else if (char === "'" || char === '"') {
      quote = char;
      isWord = true;
    } else if (char === '\\') add(line[++at] ?? '');
    else if (/\s/.test(char)) {
      if (isWord) words.push('');
      isWord = false;
    } else add(char);
  }
  return words;
}
