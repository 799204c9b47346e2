import { printable } from '../../base/text.js';
import { comparisonLines } from '../outcome.js';
import { Counts } from './counts.js';
import type { Report } from './report.js';

/** For people: what failed with both messages side by side, then a line for each chapter. */
export function textReport(): Report {
  const all = new Counts();
  const byChapter = new Map<string, Counts>();
  return {
    outcome(outcome, file) {
      const { name, chapter, status, level, rule, source, reason = '', comparisons } = outcome;
      all.add(outcome);
      const own = byChapter.get(chapter) ?? new Counts();
      byChapter.set(chapter, own);
      own.add(outcome);
      if (status === 'passed' || status === 'skipped') return '';
      const lines = [
        `${status} ${name} (${level}): ${reason}`,
        `  rule: ${rule}`,
        `  source: ${source}`,
        ...comparisons.flatMap((comparison) => comparisonLines(comparison).map((line) => `  ${line}`)),
        ...(file === undefined ? [] : [`  recording: ${file}`]),
      ];
      return `${lines.map(printable).join('\n')}\n\n`;
    },
    end() {
      const width = Math.max(0, ...[...byChapter.keys()].map(({ length }) => length));
      const rows = [...byChapter].map(
        ([chapter, counts]) => `${chapter.padEnd(width)}  ${countsText(counts)}\n`,
      );
      const required = all.failed === 0 ? '' : ` (${all.failedRequired} of them required)`;
      return `${rows.join('')}${all.total} cases: ${countsText(all)}${required}\n`;
    },
  };
}

function countsText({ passed, failed, blocked, skipped }: Counts): string {
  const parts = Object.entries({ failed, blocked, skipped }).filter(([, count]) => count > 0);
  return [`${passed} passed`, ...parts.map(([word, count]) => `${count} ${word}`)].join(', ');
}
