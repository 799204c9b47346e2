import { jsonText } from '../../base/json.js';
import type { Finding } from '../finding.js';
import type { Level, Rule } from '../rule.js';
import { lineOf, placeText, type Report, sentenceOf } from './report.js';

const sarifLevels: Readonly<Record<Level, string>> = {
  fatal: 'error',
  corrupts: 'error',
  leaks: 'warning',
  hangs: 'warning',
  suspicious: 'note',
};

/** SARIF 2.1.0, one run. Results are written as they are found. */
export function sarifReport(rules: readonly Rule[], version: string): Report {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  let separator = '';
  return {
    begin(output) {
      const driver = { name: 'gunyah-rm', version, rules: rules.map(descriptor) };
      output.write(
        `{"version":"2.1.0","runs":[{"tool":{"driver":${jsonText(driver)}},"columnKind":"utf16CodeUnits","results":[`,
      );
    },
    finding(file, finding, output) {
      const before = separator;
      separator = ',';
      output.write(`${before}\n${jsonText(resultOf(file, finding, indexes.get(finding.rule.id) ?? -1))}`);
    },
    end: (output) => output.write('\n]}]}\n'),
  };
}

function descriptor({ id, level, why, instead, source, peers }: Rule): object {
  return {
    id,
    shortDescription: { text: `${why}.` },
    help: { text: `Instead: ${instead}. Source: ${source}.` },
    defaultConfiguration: { level: sarifLevels[level] },
    properties: { level, peers },
  };
}

function resultOf(file: string, finding: Finding, ruleIndex: number): object {
  const { rule, place, peers, evidence } = finding;
  const { path, offset } = evidence?.passage ?? {};
  const startLine = lineOf(place);
  const physicalLocation = {
    artifactLocation: { uri: encodeURI(file) },
    ...(startLine === undefined ? {} : { region: { startLine } }),
  };
  return {
    ruleId: rule.id,
    ruleIndex,
    level: sarifLevels[rule.level],
    message: { text: sentenceOf(finding) },
    locations: [{ physicalLocation, logicalLocations: [{ name: placeText(place), kind: 'element' }] }],
    properties: { ...place, peers, path, offset },
  };
}
