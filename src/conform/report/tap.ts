import { jsonText } from '../../base/json.js';
import { printable } from '../../base/text.js';
import type { Report } from './report.js';

/** Test Anything Protocol, version 13 (testanything.org), which `prove` reads, too. A case that could not be judged counts as failed. */
export function tapReport(): Report {
  let number = 0;
  return {
    begin: (total) => `TAP version 13\n1..${total}\n`,
    outcome({ name, status, reason, level, rule, source, comparisons }, file) {
      const first = `${++number} - ${escaped(name)}`;
      if (status === 'passed') return `ok ${first}\n`;
      if (status === 'skipped') return `ok ${first} # SKIP ${escaped(reason ?? '')}\n`;
      const facts = {
        message: reason ?? '',
        severity: status === 'blocked' ? 'todo' : 'fail',
        level,
        rule,
        source,
        ...(comparisons.length === 0 ? {} : { differences: comparisons }),
        ...(file === undefined ? {} : { file }),
      };
      // JSON is YAML, too.
      const lines = Object.entries(facts).map(([key, value]) => `  ${key}: ${jsonText(value)}\n`);
      return `not ok ${first}\n  ---\n${lines.join('')}  ...\n`;
    },
    end: () => '',
  };
}

/** Text without what TAP gives a meaning, and on one line. */
function escaped(text: string): string {
  return printable(text).replaceAll(/[\\#]/g, '\\$&');
}
