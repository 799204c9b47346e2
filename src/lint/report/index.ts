import type { PrintStyle } from '../../capture/print/index.js';
import type { Rule } from '../rule.js';
import { githubReport } from './github.js';
import { jsonReport } from './json.js';
import type { Report } from './report.js';
import { sarifReport } from './sarif.js';
import { textReport } from './text.js';

export type { Report } from './report.js';

export interface ReportContext {
  readonly style: PrintStyle;
  /** Columns. */
  readonly width: number;
  readonly rules: readonly Rule[];
  readonly version: string;
}

/** Forms of reports, by the name that `--format` takes. */
export const lintForms = {
  text: ({ style, width }: ReportContext) => textReport(style, width),
  json: jsonReport,
  sarif: ({ rules, version }: ReportContext) => sarifReport(rules, version),
  github: githubReport,
} satisfies Readonly<Record<string, (context: ReportContext) => Report>>;
export type LintForm = keyof typeof lintForms;
export const lintFormNames = Object.keys(lintForms) as readonly LintForm[];
