import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lines that two texts do not share, in pairs: what was, and what is in its place. */
export async function changedLines(
  folder: string,
  before: string,
  now: string,
): Promise<(readonly [string, string])[]> {
  const own = mkdtempSync(join(folder, 'diff-'));
  writeFileSync(join(own, 'before'), before);
  writeFileSync(join(own, 'now'), now);
  const options = ['-a', '-U0', '--speed-large-files', 'before', 'now'];
  const text = await new Promise<string>((done) => {
    execFile('diff', options, { cwd: own, maxBuffer: 1 << 30 }, (_, printed) => done(printed));
  });
  rmSync(own, { recursive: true });
  return text
    .split(/^@@.*@@\n/m)
    .slice(1)
    .flatMap((hunk) => {
      const of = (sign: string) =>
        hunk.split('\n').flatMap((line) => (line.startsWith(sign) ? line.slice(1) : []));
      const [removed, added] = [of('-'), of('+')];
      const count = Math.max(removed.length, added.length);
      return Array.from({ length: count }, (_, at) => [removed[at] ?? '', added[at] ?? ''] as const);
    });
}

const SHOWN = 100;

/** What a changed line has in common with others that changed in the same way: the words that changed, without numbers. */
export function kindOf(was: string, is: string): string {
  const [left, right] = [was, is].map(words) as [string[], string[]];
  let start = 0;
  while (start < left.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const middle = (all: string[]) =>
    JSON.stringify(
      all
        .slice(start, all.length - end)
        .join('')
        .slice(0, SHOWN),
    );
  return `was ${middle(left)} is ${middle(right)}`;
}

function words(line: string): string[] {
  const general = line
    .replace(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/g, '#')
    .replace(/\b[A-Z][A-Z\d]+(?:_[A-Z\d]+)+\b/g, 'NAME')
    .replace(/ {2,}/g, ' ');
  return general.match(/[\w#.]+|\s+|[^\w\s#]/g) ?? [];
}
