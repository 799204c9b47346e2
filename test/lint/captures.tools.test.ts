import { expect, it } from 'vitest';
import { emptyPacket } from '../../src/capture/packets/index.js';
import { CaptureLinter, type Finding } from '../../src/lint/index.js';
import { deviceTree, type Scenario, type StepLine, scenarios } from '../sim/scenarios.js';

const RM = 255;

/** What a capture can know besides queue messages, each row with all rows before it. */
const knowledge: readonly (readonly [what: string, operations: readonly string[]])[] = [
  ['queue messages alone', []],
  ['where the machine boots', ['reboot']],
  ['what is in memory: images and devicetrees', ['load']],
  ['when vCPUs halt, and when VMs take messages', ['vcpu_halt', 'receive_limit', 'drain']],
];

const PAGE = `# What lint finds in captures

A recording has everything that the manager depends on, so \`gunyah-rm lint\` finds each death of the public manager at its
step, and no other. A capture has queue messages. This table is of captures made of the recordings in \`test/recorded\`:
those messages of which the manager died, how many of them are found, and how many findings are false. Each row knows
what its line says and what the lines above it say.

A devicetree decides what VM_INIT and VM_START do: which devices and links a VM has, and whether it starts. Without
it the model cannot know in which state a VM is, and says so with \`--notes\`. \`--load ADDRESS=FILE\` gives it. A death in
doubt is reported once nothing came after that message and then the machine boots again. Where a machine boots,
and which files were in memory, stands in the comments of captures that this program writes.

\`npx vitest run --config vitest.tools.config.ts test/lint/captures.tools.test.ts -u\` writes this page anew.

| the capture knows | deaths | found | false |
| --- | --- | --- | --- |
`;

interface Figures {
  /** Messages of which the recorded manager died. */
  deaths: number;
  found: number;
  false: number;
}

/** Lints the queue messages of a recording as a capture that says only those operations. */
function count({ lines }: Scenario, operations: ReadonlySet<string>, figures: Figures): void {
  const findings: Finding[] = [];
  const linter = new CaptureLinter({
    file: deviceTree,
    peers: new Set(['rm23']),
    wants: ({ level }) => level === 'fatal',
    finding: (finding) => findings.push(finding),
  });
  const packet = emptyPacket();
  let said: string[] = [];
  const put = (from: number, to: number, hex: string): number => {
    const data = new Uint8Array(Buffer.from(hex, 'hex'));
    packet.frame++;
    packet.from = from;
    packet.to = to;
    packet.data = data;
    packet.view = new DataView(data.buffer);
    packet.end = data.length;
    packet.comment = said.length > 0 ? said.join('\n') : undefined;
    said = [];
    linter.packet(packet);
    return packet.frame;
  };
  const deadly = new Set<number>();
  const halts = new Set<number>();
  for (const { op, from, frame, refused, panic, out = [], ...keys } of lines as readonly StepLine[]) {
    const isMessage = frame !== undefined && from !== undefined && refused === undefined;
    const isSaid = op !== undefined && operations.has(op);
    if (isMessage) put(from, RM, frame);
    else if (isSaid) said.push(JSON.stringify({ op, ...keys }));
    if (panic !== undefined && op === 'vcpu_halt') halts.add(packet.frame);
    else if (panic !== undefined) deadly.add(packet.frame);
    for (const { to, frame } of out) put(RM, to, frame);
  }
  linter.end();
  const found = new Set(findings.map(({ place }) => place.frame ?? 0));
  figures.deaths += deadly.size;
  for (const frame of found)
    if (deadly.has(frame)) figures.found++;
    // A halt is no message: its death is told at the next one.
    else if (![...halts].some((halt) => frame === halt || frame === halt + 1)) figures.false++;
}

it('deaths that captures show, by what they know', async () => {
  const files = ['rm23.ndjson', 'rm23-lives.ndjson'];
  const all = files.flatMap((file) => scenarios(file));
  const operations = new Set<string>();
  const rows = knowledge.map(([what, more]) => {
    for (const operation of more) operations.add(operation);
    const figures: Figures = { deaths: 0, found: 0, false: 0 };
    for (const scenario of all) count(scenario, operations, figures);
    return { what, ...figures };
  });
  expect(rows.map((row) => row.false)).toEqual(rows.map(() => 0));
  const table = rows.map((row) => `| ${row.what} | ${row.deaths} | ${row.found} | ${row.false} |`);
  await expect(`${PAGE}${table.join('\n')}\n`).toMatchFileSnapshot('../../docs/lint-captures.md');
});
