import { xmlText } from '../../base/xml.js';
import { causeTitle } from '../oracle/cause.js';
import type { NamedFinding } from './named.js';

/** Findings as JUnit XML: each is a test case that fails, with what the target said and the command that shows it again. */
export function findingsJunit(findings: readonly NamedFinding[]): string {
  const counts = `tests="${findings.length}" failures="${findings.length}" errors="0" skipped="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gunyah-rm fuzz" ${counts}>`,
    `  <testsuite name="findings" ${counts}>`,
    ...findings.flatMap(({ name, about, played }) => {
      const title = xmlText(causeTitle(about));
      const lines = [about.text, `${played.steps.length} steps`, `gunyah-rm fuzz reproduce ${name}.ndjson`];
      return [
        `    <testcase classname="fuzz.${about.kind}" name="${xmlText(name)}">`,
        `      <failure type="${about.kind}" message="${title}">${xmlText(lines.join('\n'))}</failure>`,
        '    </testcase>',
      ];
    }),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
