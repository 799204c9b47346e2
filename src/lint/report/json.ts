import { jsonText } from '../../base/json.js';
import type { Report } from './report.js';

/** NDJSON: an object for each finding, and one with the key `note` for what cannot be known. */
export function jsonReport(): Report {
  return {
    finding(file, { place, rule, peers, text, evidence }, output) {
      const { path, offset } = evidence?.passage ?? {};
      const { id, level, instead, source } = rule;
      output.write(
        `${jsonText({ file, ...place, rule: id, level, peers, path, offset, text, instead, source })}\n`,
      );
    },
    note: (file, { place, note }, output) => output.write(`${jsonText({ file, ...place, note })}\n`),
  };
}
