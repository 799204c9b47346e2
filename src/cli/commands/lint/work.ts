import { protocol } from '../../../../schemas/index.js';
import { WireError } from '../../../base/error.js';
import { CaptureInput } from '../../../capture/input/index.js';
import { CaptureLinter, type Finding } from '../../../lint/index.js';
import { FileError } from '../../../node/file-error.js';
import { Files } from '../../../node/files.js';
import { noStdio } from '../../../node/stdio.js';
import type { Work } from '../../../node/threads.js';
import { type ManagerProfile, managers, platforms } from '../../../rm/index.js';
import { loadable, loadedFiles } from '../../loads.js';
import type { ModelAnswer, ModelRemark, ModelSetup, ModelTask } from './model-thread.js';
import { wantsRule } from './options.js';

/** Runs the manager's model over a capture. @param setup a {@link ModelSetup} */
export function work(setup: unknown): Work {
  const { file, peer, level, ignore, platform, manager, allowOutside, notes, loads } = setup as ModelSetup;
  let remarks: ModelRemark[] = [];
  const linter: CaptureLinter = new CaptureLinter(
    {
      platform: named(platforms, platform),
      manager: manager === undefined ? undefined : named<ManagerProfile>(managers, manager),
      file: loadable(new Files(noStdio), file, loads, allowOutside),
      peers: peer,
      wants: wantsRule({ level, ignore }),
      finding: (finding) => remarks.push({ moment: linter.moments, finding: apart(finding) }),
      note: notes ? (note) => remarks.push({ moment: linter.moments, note }) : undefined,
      isModelOnly: true,
    },
    loadedFiles(loads),
  );
  const reader = new CaptureInput(
    protocol,
    undefined,
    (packet) => linter.packet(packet),
    () => {},
  );
  let last: number | undefined;
  return (task) => {
    const { bytes, isLast } = task as ModelTask;
    try {
      if (last === undefined) reader.push(bytes);
      if (last === undefined && isLast) {
        reader.end();
        linter.end();
      }
    } catch (error) {
      // The other linter reads the same bytes and lines, comes to the same error, and reports it.
      if (!(error instanceof WireError || error instanceof FileError)) throw error;
      last = linter.moments;
    }
    const answer: ModelAnswer = { remarks, last };
    remarks = [];
    return answer;
  };
}

function named<T extends { readonly name: string }>(all: Readonly<Record<string, T>>, name: string): T {
  return Object.values(all).find((one) => one.name === name) as T;
}

/** The finding without the other bytes of the array that its payload lies in. */
function apart(finding: Finding): Finding {
  const { evidence } = finding;
  if (evidence === undefined) return finding;
  const { headline, passage } = evidence;
  return { ...finding, evidence: { headline, passage: { ...passage, payload: passage.payload.slice() } } };
}
