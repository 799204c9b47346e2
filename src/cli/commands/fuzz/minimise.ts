import { printable } from '../../../base/text.js';
import { findingPage, type SeenIn, seenInOf } from '../../../fuzz/findings/page.js';
import type { FindingHeader } from '../../../fuzz/findings/read.js';
import { shrunk } from '../../../fuzz/findings/write.js';
import { minimise } from '../../../fuzz/minimise/minimise.js';
import type { PlayedSession } from '../../../fuzz/play/play.js';
import { writeFile } from '../../../node/files.js';
import { version } from '../../../node/version.js';
import { runLocally, runRemotely } from '../../../target/index.js';
import type { CommandIo } from '../../io.js';
import { platformOption } from '../../profile-options.js';
import { openFinding, playAgain, type ReproduceOptions } from './reproduce.js';

export interface MinimiseOptions extends ReproduceOptions {
  readonly plays: number;
}

/** Makes the findings of a campaign smaller, each in its file. @throws UsageError, WireError, FileError */
export async function minimiseFolder(io: CommandIo, folder: string, options: MinimiseOptions): Promise<void> {
  const output = io.output('-');
  const written = io.files.folder(`${folder}/findings`, (name) => name.endsWith('.md'));
  const pages = new Map(written.map(({ path, content }) => [path, content]));
  for (const { path, content } of io.files.folder(`${folder}/findings`, (name) => name.endsWith('.ndjson'))) {
    const { played, about, target, judge, endOracle, close } = await openFinding(io, path, options);
    try {
      // The file says the cause; what was played says it only once it is played again.
      const cause = about === undefined ? undefined : { kind: about.kind, key: about.key, text: about.text };
      const work = minimise(
        { ...played, cause },
        (session) => playAgain(session, judge, endOracle),
        options.plays,
      );
      const smallest = target.local ? runLocally(work, target) : await runRemotely(work, target);
      const before = played.steps.length;
      const after = smallest?.steps.length;
      if (smallest !== undefined) {
        writeFile(path, shrunk(content, smallest), true);
        const page = path.replace(/ndjson$/, 'md');
        if (about !== undefined) writeFile(page, pageOf(about, smallest, seenInOf(pages.get(page) ?? '')));
      }
      const result = after === undefined ? 'not shown again' : `${before} steps, now ${after}`;
      output.write(`${printable(about?.key ?? path)}: ${result}\n`);
    } finally {
      await close();
    }
  }
  output.end();
}

function pageOf(about: FindingHeader, played: PlayedSession, seenIn: SeenIn | undefined): string {
  const cause = played.cause ?? { kind: about.kind, key: about.key, text: about.text };
  const size = played.steps.length;
  const platform = platformOption(about.profile);
  return findingPage(
    { ...about, cause, size, state: 'smallest', played },
    { ...about, version: version(), platform, options: [] },
    seenIn,
  );
}
