import { FindingReader, type StoredFinding } from '../../../fuzz/findings/read.js';
import { scenarioFiles } from '../../../node/scenario-files.js';
import type { CommandIo } from '../../io.js';
import { readScenario } from '../../scenario-lines.js';

/** Reads a finding, or any recording. @param allowOutside it may load any file. @throws WireError, FileError */
export function readFinding(io: CommandIo, file: string, allowOutside = false): StoredFinding {
  return readScenario(io, file, new FindingReader(scenarioFiles(io.files, file, allowOutside)));
}
