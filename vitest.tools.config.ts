import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { builtSources } from './test/built-sources.js';

/** Files that take long, the longest first. Whatever of them began last would be waited for alone. */
const longest = [
  'guides/pages.tools',
  'inspector/inspector.tools',
  'fuzz/exec.tools',
  'cli/jobs.part',
  'fuzz/cluster.tools',
  'fuzz/small-manager.tools',
  'golden/native.tools',
  'sim/model.part',
  'golden/lua.tools',
  'tables/parquet.tools',
  'capture/lazy-records.part',
  'fuzz/mutator.tools',
  'capture/ktrace/varied.part',
  'sim/paging.part',
  'golden/export.part',
  'sim/replay.part',
  'fuzz/carried-over.part',
  'sim/disturbed.part',
  'capture/hostile.part',
  'package/hover.tools',
  'fuzz/shards.tools',
  'capture/recorded.tools',
  'fuzz/planted.tools',
  'device/scripts.tools',
  'lint/captures.tools',
  'inspector/data.part',
  'sim/capture-replay.part',
  'hypervisor/random-transitions.part',
  'conform/recorded.part',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return files.toSorted((left, right) => place(left) - place(right));
  }
}

/**
 * The second stage: tests with other programs (a POSIX shell, compilers, Lua, tshark, a browser, other fuzzers), campaigns
 * of the fuzzer that only make sense as a whole, and the whole of the tests of which `npm test` does a part.
 */
export default defineConfig({
  plugins: [builtSources()],
  test: {
    include: ['test/**/*.tools.test.ts', 'test/**/*.part.test.ts'],
    globalSetup: ['test/build.ts', 'test/build-page.ts'],
    env: { GUNYAH_RM_TESTS: 'whole' },
    isolate: false,
    // Most of what tests make is garbage soon: with more room for it, V8 copies less and takes a tenth less CPU time.
    execArgv: ['--max-semi-space-size=64'],
    sequence: { sequencer: LongestFirst },
    // Generous: on a busy machine the longest of these take minutes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Half of the time is waiting for the other programs.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
  },
});
