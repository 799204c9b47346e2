import { Engine } from '../../../fuzz/engine/engine.js';
import type { Origin } from '../../../fuzz/findings/write.js';
import { MERGED, merge } from '../../../fuzz/merge/merge.js';
import { reportHtml } from '../../../fuzz/report/html.js';
import type { Report } from '../../../fuzz/report/report.js';
import { coverageText, summaryText } from '../../../fuzz/report/text.js';
import {
  CampaignFolder,
  campaignsIn,
  refuseOwnCampaign,
  stateFileIn,
  writeMerged,
} from '../../../node/fuzz/campaign-folder.js';
import { managers } from '../../../rm/index.js';
import type { CommandIo } from '../../io.js';
import { platformOption } from '../../profile-options.js';

/**
 * Unites campaigns, and reports on the whole. @param silentMs longest time without an update on the terminal, of one who has
 * shown their progress. @throws UsageError, WireError, FileError
 */
export function mergeFolders(
  io: CommandIo,
  folders: readonly string[],
  out: string,
  silentMs?: number,
): void {
  const campaigns = folders.flatMap(campaignsIn);
  io.files.reads(campaigns.map(({ name }) => stateFileIn(name)));
  io.files.replaces([stateFileIn(out)], '--out');
  refuseOwnCampaign(out);
  const merged = merge(campaigns);
  const { state, findings } = merged;
  const { target, version, platform, careful, options } = state.origin;
  const origin: Origin = {
    seed: 0,
    target: String(target),
    version: String(version),
    platform: platformOption(String(platform)),
    manager: managers.rm23,
    careful: careful === true,
    options: Array.isArray(options) ? options.map(String) : [],
  };
  writeMerged(out, merged, origin);
  const { coverage } = new Engine({ seed: 0, steps: new Set(), machine: origin.platform });
  coverage.load(state.coverage);
  const report: Report = {
    origin,
    campaign: MERGED,
    history: state.history,
    spent: state.spent,
    ...(silentMs === undefined ? {} : { silentMs }),
    findings: findings.map(({ facts: finding, seed }) => ({
      finding,
      seed,
      count: state.counts[finding.cause.key] ?? 1,
    })),
    coverage,
  };
  const folder = new CampaignFolder(out, origin);
  const summary = summaryText(report);
  folder.write('summary.txt', summary);
  folder.write('coverage.txt', coverageText(report));
  folder.write('report.html', reportHtml(report));
  const output = io.output('-');
  output.write(summary);
  output.end();
  if (findings.some(({ facts }) => facts.state !== 'unstable')) io.problem();
}
