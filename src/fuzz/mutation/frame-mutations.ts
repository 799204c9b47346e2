import { protocol } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import { MessageType } from '../../schema/index.js';
import type { Step } from '../targets/step.js';

type FrameStep = Step & { readonly kind: 'frame' };

const { queue_message: sizeMax, header: headerSize } = protocol.limits;
/** Where the header's fields stand. */
const At = { api: 0, type: 1, seq: 2, id: 4 } as const;
const TYPE_MASK = 3;

/**
 * Breaks the framing of the message whose queue messages are the steps from `first` on: changes their headers, their
 * number, their order. `other` is another message of the same VM that may come in between.
 */
export function mutateFrames(
  steps: Step[],
  first: number,
  name: string,
  random: Random,
  other: Uint8Array,
): void {
  const at = first + random.below(steps.length - first);
  const step = steps[at] as FrameStep;
  const { frame } = step;
  const type = (value: number) => {
    frame[At.type] = ((frame[At.type] as number) & ~TYPE_MASK) | value;
  };
  const replace = (bytes: Uint8Array) => {
    steps[at] = { ...step, frame: bytes };
  };
  const flip = (offset: number) => {
    frame[offset] = (frame[offset] as number) ^ (1 << random.below(8));
  };
  switch (name) {
    case 'api_version':
      frame[At.api] = ((frame[At.api] as number) & 0xf0) | random.below(16);
      return;
    case 'header_words':
      frame[At.api] = ((frame[At.api] as number) & 0x0f) | (random.below(16) << 4);
      return;
    case 'continuation':
      type(MessageType.continuation);
      return;
    case 'reply':
      type(MessageType.reply);
      return;
    case 'notification':
      type(MessageType.notification);
      return;
    case 'fragments_more':
      frame[At.type] = (frame[At.type] as number) + 4;
      return;
    case 'fragments_less':
      frame[At.type] = (frame[At.type] as number) - 4;
      return;
    case 'fragments_most':
      frame[At.type] = (frame[At.type] as number) | ((62 + random.below(2)) << 2);
      return;
    case 'seq_between':
      flip(At.seq + random.below(2));
      return;
    case 'id_between':
      flip(At.id + random.below(4));
      return;
    case 'truncated':
      replace(frame.slice(0, random.below(frame.length)));
      return;
    case 'empty':
      replace(new Uint8Array(0));
      return;
    case 'oversized': {
      const large = new Uint8Array(sizeMax + 1 + random.below(16));
      large.set(frame);
      replace(large);
      return;
    }
    case 'repeated':
      steps.splice(at, 0, step);
      return;
    case 'reversed':
      steps.splice(first, steps.length - first, ...steps.slice(first).reverse());
      return;
    case 'dropped':
      steps.splice(at, 1);
      return;
    case 'interleaved':
      steps.splice(at, 0, { ...step, frame: other });
      return;
    case 'one_by_one':
      cut(steps, first, (item) => inParts(item, item.frame.length - headerSize));
      return;
    case 'in_parts':
      cut(steps, first, (item) => inParts(item, 2 + random.below(3)));
      return;
    default: {
      // One that is never completed, and behind it one that is: nothing of the first may be left.
      const parts = inParts(step, 3).slice(0, 1 + random.below(2));
      steps.splice(
        first,
        steps.length - first,
        ...parts,
        ...inParts({ ...step, frame: other }, 2 + random.below(2)),
      );
    }
  }
}

/** Cuts a message that is one queue message; a longer one is in parts as it is. */
function cut(steps: Step[], first: number, parts: (step: FrameStep) => FrameStep[]): void {
  if (steps.length - first === 1) steps.splice(first, 1, ...parts(steps[first] as FrameStep));
}

/** A queue message as so many fragments of about the same size, those behind its last byte empty. */
function inParts(step: FrameStep, wanted: number): FrameStep[] {
  const { frame } = step;
  const count = Math.max(2, Math.min(wanted, protocol.limits.max_continuations + 1));
  const content = frame.subarray(headerSize);
  const size = Math.max(1, Math.ceil(content.length / count));
  return Array.from({ length: count }, (_, index) => {
    const bytes = content.subarray(index * size, (index + 1) * size);
    const part = new Uint8Array(headerSize + bytes.length);
    part.set(frame.subarray(0, headerSize));
    part.set(bytes, headerSize);
    part[At.type] = (index === 0 ? MessageType.request : MessageType.continuation) | ((count - 1) << 2);
    return { ...step, frame: part };
  });
}
