import { jsonText } from '../../base/json.js';
import { Counts } from './counts.js';
import { junitReport } from './junit.js';
import type { Report } from './report.js';
import { tapReport } from './tap.js';
import { textReport } from './text.js';

/** Forms of reports, by the name that `--format` takes. @param what is tested: `rm`, `client`. */
export const reportForms = {
  text: textReport,
  tap: tapReport,
  junit: junitReport,
  json: jsonReport,
} satisfies Readonly<Record<string, (what: string) => Report>>;
export type ReportForm = keyof typeof reportForms;
export const reportFormNames = Object.keys(reportForms) as readonly ReportForm[];

/** NDJSON: an object for each case, then one with the counts. */
function jsonReport(): Report {
  const counts = new Counts();
  return {
    outcome(outcome, file) {
      counts.add(outcome);
      const { recording: _recording, comparisons, reason, ...facts } = outcome;
      return `${jsonText({
        ...facts,
        ...(reason === undefined ? {} : { reason }),
        ...(comparisons.length === 0 ? {} : { differences: comparisons }),
        ...(file === undefined ? {} : { file }),
      })}\n`;
    },
    end() {
      const { passed, failed, blocked, skipped, failedRequired, total } = counts;
      return `${jsonText({ cases: total, passed, failed, failed_required: failedRequired, blocked, skipped })}\n`;
    },
  };
}
