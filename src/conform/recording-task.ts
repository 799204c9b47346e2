import { firstLine } from '../base/text.js';
import type { FileContents } from '../machine/index.js';
import {
  CapabilityMask,
  type Comparison,
  RealReceivers,
  type RecordedStep,
  readHeader,
  readStep,
  sameFrames,
} from '../sim/index.js';
import type { Command, Ending, Response, Step, Target, TargetTask } from '../target/index.js';

/** What a recording became at a target. */
export interface PutRecording {
  /** Steps that were not put to the target, because it cannot do one of their boot, or has ended. */
  readonly unput: number;
  /** Kinds of steps that the target cannot do. */
  readonly unsupported: ReadonlySet<string>;
}

/**
 * Puts a recording to a target and compares what VMs get. As in a replay, capability ids are set to zero, and of a death
 * only its presence is compared. Whether a queue refused a message is not, since only queues in this process tell. A step
 * that the target cannot do ends its boot.
 *
 * @param lines the first one first. @throws WireError for a line that is not part of a recording.
 */
export function* putRecording(
  lines: Iterable<unknown>,
  file: FileContents,
  target: Pick<Target, 'steps' | 'isFresh' | 'local'>,
  onStep: (comparison: Comparison) => void,
): TargetTask<PutRecording> {
  const unsupported = new Set<string>();
  const masks = { recorded: new CapabilityMask(), actual: new CapabilityMask() };
  let unput = 0;
  let isOver = false;
  let step = -1;
  for (const line of lines) {
    if (++step === 0) {
      readHeader(line);
      yield 'reset';
      continue;
    }
    const recorded = readStep(line, file);
    const command = commandOf(recorded, target);
    if (command === 'nothing') continue;
    if (command === 'reset') isOver = false;
    if (command === undefined) {
      unsupported.add(recorded.kind);
      isOver = true;
    }
    if (isOver || command === undefined) {
      unput++;
      continue;
    }
    const response = yield command;
    const expected = recorded.out.map(({ to, frame }) => ({ to, frame: masks.recorded.apply(to, frame) }));
    const actual = response.out.map(({ to, frame }) => ({ to, frame: masks.actual.apply(to, frame) }));
    isOver = response.ended !== undefined || recorded.panic !== undefined;
    onStep({
      step,
      recorded: { ...recorded, out: expected, refused: undefined },
      actual,
      panic: response.ended && endingText(response.ended),
      refused: false,
      equal: isEqual(recorded, expected, actual, response, target),
    });
  }
  if (step < 0) readHeader(undefined);
  return { unput, unsupported };
}

/** @returns undefined for a step that the target cannot do. */
function commandOf(
  { out: _out, panic: _panic, refused: _refused, driver: _driver, ...step }: RecordedStep,
  { steps, isFresh }: Pick<Target, 'steps' | 'isFresh'>,
): Command | 'nothing' | undefined {
  if (step.kind === 'remark' || step.kind === 'end' || step.kind === 'vcpu_run_result') return 'nothing';
  if (step.kind === 'reboot') return isFresh ? 'reset' : undefined;
  return steps.has(step.kind as Step['kind']) ? (step as Step) : undefined;
}

/** A death on one line. */
export function endingText({ kind, text }: Ending): string {
  return kind === 'panic' ? text : `${kind}: ${firstLine(text)}`;
}

function isEqual(
  { panic }: RecordedStep,
  expected: Response['out'],
  actual: Response['out'],
  { ended }: Response,
  { local }: Pick<Target, 'local'>,
): boolean {
  if ((ended !== undefined) !== (panic !== undefined)) return false;
  // What was sent before a death is not compared.
  if (ended !== undefined) return true;
  // Messages to different VMs may come over different sockets.
  return local ? sameFrames(actual, expected) : new RealReceivers().same(actual, expected);
}
