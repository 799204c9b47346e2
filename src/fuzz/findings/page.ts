import { constants } from '../../../schemas/index.js';
import { WireError } from '../../base/error.js';
import { formatHex } from '../../base/hex.js';
import { firstLine, printable } from '../../base/text.js';
import { formatSource } from '../../devicetree/index.js';
import { type PanicReason, panicPlaces } from '../../rm/index.js';
import { decodeAnswers } from '../../sim/describe.js';
import { decodeMessages, describeRecord } from '../../sim/index.js';
import { frameId, type Response, type Step } from '../../target/index.js';
import type { Finding, FindingFacts } from '../campaign/finding.js';
import { causeTitle, messageName } from '../oracle/cause.js';
import { programEndOf, programEndText } from './program-end.js';
import { findingName, type Origin, reproduceFile } from './write.js';

const { VMID_HLOS, VMID_RM } = constants;

/** How often a finding was seen. */
export interface SeenIn {
  /** Cases that have shown it. */
  readonly cases: number;
  /** Cases of the campaign so far. */
  readonly all: number;
}

/** Name of a finding's page. */
export function pageName(finding: FindingFacts): string {
  return findingName(finding).replace(/ndjson$/, 'md');
}

/**
 * A finding for people, as Markdown: what happened, the session decoded line by line, and how to see it again.
 *
 * @param seenIn undefined if nobody knows.
 */
export function findingPage(finding: Finding, origin: Origin, seenIn: SeenIn | undefined): string {
  const { played, state, number } = finding;
  const blobs = played.steps.flatMap((step, index) =>
    step.kind === 'load' ? [{ index, bytes: step.bytes }] : [],
  );
  return [
    `# Finding ${number}: ${printable(titleOfFinding(finding))}`,
    '',
    whatHappened(finding, origin),
    '',
    `The target is \`${printable(origin.target)}\`, a resource manager (RM). ${certainty[state]} It was found by gunyah-rm ${origin.version} with seed ${origin.seed}.`,
    '',
    ...(seenIn === undefined ? [] : [seenInText(seenIn), '']),
    '## Play it again',
    '',
    `    ${reproduceFile(finding)}`,
    '',
    `${findingName(finding)} is the session as a recording (NDJSON), in the folder of this page. It names its target.`,
    ...sidesText(finding),
    '',
    `## The session, ${count(played.steps.length, 'step')}`,
    '',
    'Each step says who sends what, the bytes of the queue message, and what RM answers. HLOS is the VM that manages the others.',
    '',
    ...played.steps.flatMap((step, index) => stepText(step, played.responses[index], index)),
    ...blobs.flatMap(({ index, bytes }) => [
      '',
      `## Devicetree of step ${index + 1}`,
      '',
      ...treeText(bytes),
    ]),
    '',
    ...saidText(finding, origin),
    '',
  ].join('\n');
}

const certainty: Readonly<Record<FindingFacts['state'], string>> = {
  found: 'This was not played again on a fresh target so far.',
  confirmed:
    'A fresh target showed this again. The session may still be longer than it need be: `gunyah-rm fuzz minimise` makes it shorter.',
  smallest: 'A fresh target showed this again. The session is the shortest that was found.',
  unstable: 'A fresh target did not show this again.',
};

function titleOfFinding({ cause, played }: Finding): string {
  const last = played.steps.at(-1);
  const verb = cause.kind === 'hang' ? 'hangs' : 'dies';
  const isEnd = cause.kind === 'crash' || cause.kind === 'panic' || cause.kind === 'hang';
  if (last === undefined || !isEnd) return causeTitle(cause);
  const place = cause.key.replace(`${cause.kind} `, '');
  const where = place.startsWith('on ') || place === '' ? '' : ` (${place})`;
  return `the target ${verb} at ${last.kind === 'frame' ? messageName(frameId(last.frame)) : titleOf(last)}${where}`;
}

const SEEN_IN = /^Seen in (\d+) of (\d+) cases of the campaign so far\.$/m;

function seenInText({ cases, all }: SeenIn): string {
  return `Seen in ${cases} of ${all} cases of the campaign so far.`;
}

/** How often a page says that its finding was seen. */
export function seenInOf(page: string): SeenIn | undefined {
  const match = SEEN_IN.exec(page);
  return match === null ? undefined : { cases: Number(match[1]), all: Number(match[2]) };
}

/** The page of a finding when more cases have been played. */
export function withSeenIn(page: string, seenIn: SeenIn): string {
  return page.replace(SEEN_IN, seenInText(seenIn));
}

/** What the target printed, and where. */
function saidText({ cause }: Finding, origin: Origin): string[] {
  const end = programEndOf(cause, origin.target);
  if (end === undefined) return ['## What the target said', '', ...indented(cause.text)];
  const output = end.by === 'abort' ? indented(end.what) : ['Nothing that says why.'];
  const error = end.stderr === '' ? ['Nothing until then.'] : indented(end.stderr);
  return [
    ...['## What the target printed on standard output', '', ...output, ''],
    ...['## What the target printed on standard error', '', ...error],
  ];
}

/** What happened, in sentences. */
function whatHappened({ cause, played }: Finding, origin: Origin): string {
  const last = played.steps.at(-1);
  const during =
    last === undefined ? 'at the start' : `while it handled step ${played.steps.length}, ${titleOf(last)}`;
  const place = panicPlaces[cause.key.split(' ').at(-1) as PanicReason];
  switch (cause.kind) {
    case 'panic':
    case 'crash': {
      const known =
        place === undefined
          ? ''
          : ` It is a place where the public manager is known to die: ${place.message}, when ${place.state} (${place.effect}). A careful manager: ${place.careful}.`;
      const end = programEndOf(cause, origin.target);
      const how = end === undefined ? '' : `: ${printable(programEndText(end))}`;
      return `The target died ${during}${how}.${known}`;
    }
    case 'hang':
      return `The target did not answer any more ${during}.`;
    case 'difference':
      return `The target did not do what the reference manager does ${during}: ${printable(cause.key)}.`;
    case 'reply':
      return `The target broke a rule that holds for all replies, ${during}: ${printable(cause.key)}.`;
    case 'leak':
      return `After everything was given back, something was left: ${printable(cause.key)}.`;
    case 'nondeterminism':
      return `The same session was answered in two ways: ${printable(cause.key)}.`;
  }
}

/** What the reference manager and the target did in the last step, side by side. */
function sidesText({ cause: { sides } }: Finding): string[] {
  if (sides === undefined) return [];
  const { reference, target } = sides;
  const rows = Array.from(
    { length: Math.max(reference.length, target.length) },
    (_, index) => `| ${cell(reference[index])} | ${cell(target[index])} |`,
  );
  return ['', '## The last step', '', '| reference | target |', '| --- | --- |', ...rows];
}

function cell(text: string | undefined): string {
  return text === undefined ? 'nothing' : `\`${printable(text).replaceAll('|', '\\|')}\``;
}

function stepText(step: Step, response: Response | undefined, index: number): string[] {
  const message = step.kind === 'frame' ? step : undefined;
  const request =
    message === undefined ? [] : decodeMessages([{ from: message.from, to: VMID_RM, frame: message.frame }]);
  const sent = request.length === 0 ? titleOf(step) : request.map(describeRecord).join('; ');
  const from = message === undefined ? '' : `${vmName(message.from)}: `;
  return [
    `${index + 1}. ${from}${printable(sent.replace(/^to 255: /, ''))}`,
    ...(message === undefined ? [] : [`   - \`${formatHex(message.frame)}\``]),
    ...decodeAnswers(message, response?.out ?? []).map((record) => {
      const text = describeRecord(record).replace(/^to \d+: /, '');
      return `   - RM to ${vmName(record.to ?? VMID_HLOS)}: ${printable(text)}`;
    }),
    ...(response?.ended === undefined
      ? []
      : [`   - **${response.ended.kind}** of the target: ${printable(firstLine(response.ended.text))}`]),
  ];
}

function titleOf(step: Step): string {
  switch (step.kind) {
    case 'frame':
      return `${messageName(frameId(step.frame))} from ${vmName(step.from)}`;
    case 'load':
      return `${step.bytes.length} bytes are written to 0x${step.address.toString(16)}`;
    case 'vcpu_halt':
      return `the first vCPU of VM ${step.vmid} halts in state ${step.state}`;
    case 'receive_limit':
      return `${vmName(step.vmid)} takes only ${count(step.count, 'more message')}`;
    case 'drain':
      return 'all VMs take everything again';
  }
}

function treeText(bytes: Uint8Array): string[] {
  try {
    return indented(formatSource(bytes));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return [`It is no devicetree: ${printable(error.message)}`, '', ...indented(formatHex(bytes))];
  }
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${printable(line.replaceAll('\t', '  '))}`);
}

function vmName(vmid: number): string {
  return vmid === VMID_HLOS ? 'HLOS' : `VM ${vmid}`;
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
