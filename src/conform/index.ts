/** Puts recordings and cases to managers, and plays the manager for clients. What differs comes as data. */
export { type Case, type CaseStep, type Chapter, chapters, type Level } from './case.js';
export { clientCase, clientOutcome, type SessionEnd } from './client/client-outcome.js';
export { type LoadedBytes, PlayedManager, type SessionFacts } from './client/played-manager.js';
export { clientTreatments, type Treatment } from './client/treatments.js';
export { type Outcome, recordingName } from './outcome.js';
export { type PutRecording, putRecording } from './recording-task.js';
export type { Report } from './report/report.js';
export { type ReportForm, reportFormNames, reportForms } from './report/reports.js';
export { conformTree } from './rm/devicetree.js';
export { managerCases } from './rm/index.js';
export { outcomeOf } from './rm-outcome.js';
export { type CaseResult, type CaseTarget, runCase } from './run-case.js';
