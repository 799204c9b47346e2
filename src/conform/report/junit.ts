import { printable } from '../../base/text.js';
import { xmlText as xml } from '../../base/xml.js';
import { comparisonLines, type Outcome } from '../outcome.js';
import { Counts } from './counts.js';
import type { Report } from './report.js';

/** JUnit XML: a test suite for each chapter. A case that could not be judged is an error. */
export function junitReport(what: string): Report {
  const suites = new Map<string, { outcome: Outcome; file: string | undefined }[]>();
  const all = new Counts();
  return {
    outcome(outcome, file) {
      all.add(outcome);
      const suite = suites.get(outcome.chapter) ?? [];
      suites.set(outcome.chapter, suite);
      suite.push({ outcome, file });
      return '';
    },
    end() {
      const text = [...suites].map(([chapter, cases]) => {
        const counts = new Counts();
        for (const { outcome } of cases) counts.add(outcome);
        const seconds = cases.reduce((sum, { outcome }) => sum + outcome.seconds, 0);
        const inner = cases.map(({ outcome, file }) => testCase(what, outcome, file)).join('');
        const numbers = `${totals(counts, seconds)} skipped="${counts.skipped}"`;
        return `  <testsuite name="${xml(chapter)}" ${numbers}>\n${inner}  </testsuite>\n`;
      });
      const seconds = [...suites.values()].flat().reduce((sum, { outcome }) => sum + outcome.seconds, 0);
      const head = `<testsuites name="gunyah-rm conform ${what}" ${totals(all, seconds)}>`;
      return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${text.join('')}</testsuites>\n`;
    },
  };
}

function totals({ total, failed, blocked }: Counts, seconds: number): string {
  return `tests="${total}" failures="${failed}" errors="${blocked}" time="${seconds.toFixed(3)}"`;
}

function testCase(what: string, outcome: Outcome, file: string | undefined): string {
  const { name, status, level, rule, source, reason = '', comparisons, seconds } = outcome;
  const [group = '', ...rest] = name.split('/');
  const head = `    <testcase classname="${xml(`${what}.${group}`)}" name="${xml(rest.join('/'))}" time="${seconds.toFixed(3)}"`;
  if (status === 'passed') return `${head}/>\n`;
  if (status === 'skipped') return `${head}>\n      <skipped message="${xml(reason)}"/>\n    </testcase>\n`;
  const tag = status === 'failed' ? 'failure' : 'error';
  const lines = [`rule: ${rule}`, `source: ${source}`, ...comparisons.flatMap(comparisonLines)];
  if (file !== undefined) lines.push(`recording: ${file}`);
  const body = xml(lines.map(printable).join('\n'));
  return `${head}>\n      <${tag} type="${level}" message="${xml(reason)}">${body}</${tag}>\n    </testcase>\n`;
}
