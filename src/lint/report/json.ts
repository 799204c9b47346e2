import { jsonText } from '../../base/json.js';
import type { Report } from './report.js';

/** NDJSON: an object for each finding, and one with the key `note` for what cannot be known. */
export function jsonReport(): Report {
  return {
    finding(file, { place, rule, peers, text, evidence }) {
      const where = evidence === undefined ? {} : { path: evidence.path, offset: evidence.offset };
      const { id, level, instead, source } = rule;
      return `${jsonText({ file, ...place, rule: id, level, peers, ...where, text, instead, source })}\n`;
    },
    note: (file, { place, note }) => `${jsonText({ file, ...place, note })}\n`,
  };
}
