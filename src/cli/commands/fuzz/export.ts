import { findingsC } from '../../../fuzz/findings/c.js';
import { findingsJunit } from '../../../fuzz/findings/junit.js';
import type { NamedFinding } from '../../../fuzz/findings/named.js';
import { bareName } from '../../../node/folder.js';
import type { CommandIo } from '../../io.js';
import { readFinding } from './finding-file.js';

/** Forms of findings for the tests of others. */
export const findingForms = { c: findingsC, junit: findingsJunit } satisfies Readonly<
  Record<string, (findings: readonly NamedFinding[]) => string>
>;
export type FindingForm = keyof typeof findingForms;
export const findingFormNames = Object.keys(findingForms) as readonly FindingForm[];

export interface ExportFindingsOptions {
  readonly format: FindingForm;
  readonly output: string;
}

/** Writes the findings of a campaign in another form. @throws UsageError, WireError, FileError */
export function exportFindings(
  io: CommandIo,
  folder: string,
  { format, output }: ExportFindingsOptions,
): void {
  const files = io.files.folder(`${folder}/findings`, (name) => name.endsWith('.ndjson'));
  const findings = files.flatMap(({ path }): NamedFinding[] => {
    const { played, about } = readFinding(io, path);
    return about === undefined ? [] : [{ name: bareName(path), about, played }];
  });
  io.print(output, findingForms[format](findings));
}
