/** Finds in traffic what will hurt the public manager or its clients: rules, findings, and reports of them. */
export { Baseline } from './baseline.js';
export { CaptureLinter, type LoadedFile } from './capture-linter.js';
export { exampleOf, explanation, rulesPage, ruleTable } from './explain.js';
export type { Evidence, Finding, LintNote, Passage, Place } from './finding.js';
export { Linter } from './linter.js';
export { LiveLinter } from './live-linter.js';
export { asksForModel, type LinterOptions, type ModelElsewhere } from './options.js';
export { type LintForm, lintFormNames, lintForms, type Report } from './report/index.js';
export { isAtLeast, type Level, levels, type Rule } from './rule.js';
export { peerNames, rules, rulesById } from './rules/index.js';
export { type EmptyPayloadRule, emptyPayloadRules, ruleOfCode } from './stateless.js';
