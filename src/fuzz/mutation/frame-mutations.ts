import { protocol } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import { MessageType } from '../../schema/index.js';
import type { Step } from '../../target/index.js';

type FrameStep = Step & { readonly kind: 'frame' };

/** What a mutation of framing works on. */
interface FrameContext {
  /** The message, one step per queue message. Nothing else is in it. */
  readonly steps: Step[];
  /** Index of the step that is mutated. */
  readonly at: number;
  readonly step: FrameStep;
  /** The bytes of that step. */
  readonly frame: Uint8Array;
  /** Another message of the same VM. */
  readonly other: Uint8Array;
  readonly random: Random;
}

export type FrameMutation = (context: FrameContext) => void;

const { queue_message: sizeMax, header: headerSize, max_continuations: continuationsMax } = protocol.limits;
/** Byte offsets of the header's fields; type shares its byte with the number of fragments. */
const offsets = { api: 0, type: 1, seq: 2, id: 4 } as const;
const TYPE_MASK = 3;

const typeChanged =
  (type: number): FrameMutation =>
  ({ frame }) => {
    frame[offsets.type] = ((frame[offsets.type] as number) & ~TYPE_MASK) | type;
  };

const fragmentsChanged =
  (difference: number): FrameMutation =>
  ({ frame }) => {
    frame[offsets.type] = (frame[offsets.type] as number) + (difference << 2);
  };

const bitFlipped =
  (offset: number, size: number): FrameMutation =>
  ({ frame, random }) => {
    const at = offset + random.below(size);
    frame[at] = (frame[at] as number) ^ (1 << random.below(8));
  };

/** Mutations of framing: of headers, of the number of queue messages, of their order. */
export const frameMutations: Readonly<Record<string, FrameMutation>> = {
  api_version({ frame, random }) {
    frame[offsets.api] = ((frame[offsets.api] as number) & 0xf0) | random.below(16);
  },
  header_words({ frame, random }) {
    frame[offsets.api] = ((frame[offsets.api] as number) & 0x0f) | (random.below(16) << 4);
  },
  continuation: typeChanged(MessageType.continuation),
  reply: typeChanged(MessageType.reply),
  notification: typeChanged(MessageType.notification),
  fragments_more: fragmentsChanged(1),
  fragments_less: fragmentsChanged(-1),
  fragments_most({ frame, random }) {
    frame[offsets.type] = (frame[offsets.type] as number) | ((62 + random.below(2)) << 2);
  },
  seq_between: bitFlipped(offsets.seq, 2),
  id_between: bitFlipped(offsets.id, 4),
  truncated({ steps, at, step, frame, random }) {
    steps[at] = { ...step, frame: frame.slice(0, random.below(frame.length)) };
  },
  empty({ steps, at, step }) {
    steps[at] = { ...step, frame: new Uint8Array(0) };
  },
  oversized({ steps, at, step, frame, random }) {
    const large = new Uint8Array(sizeMax + 1 + random.below(16));
    large.set(frame);
    steps[at] = { ...step, frame: large };
  },
  repeated({ steps, at, step }) {
    steps.splice(at, 0, step);
  },
  reversed({ steps }) {
    steps.reverse();
  },
  dropped({ steps, at }) {
    steps.splice(at, 1);
  },
  interleaved({ steps, at, step, other }) {
    steps.splice(at, 0, { ...step, frame: other });
  },
  // A message of several queue messages is left as it is.
  one_by_one({ steps, step, frame }) {
    if (steps.length === 1) steps.splice(0, 1, ...inFragments(step, frame.length - headerSize));
  },
  in_parts({ steps, step, random }) {
    if (steps.length === 1) steps.splice(0, 1, ...inFragments(step, 2 + random.below(3)));
  },
  // The first fragments of a message that never ends, then a complete message. RM must forget the first one.
  abandoned({ steps, step, other, random }) {
    const first = inFragments(step, 3).slice(0, 1 + random.below(2));
    steps.splice(0, steps.length, ...first, ...inFragments({ ...step, frame: other }, 2 + random.below(2)));
  },
};

/** A queue message in several fragments of about the same size. If it is too short, the last ones are empty. */
function inFragments(step: FrameStep, wanted: number): FrameStep[] {
  const { frame } = step;
  const count = Math.max(2, Math.min(wanted, continuationsMax + 1));
  const content = frame.subarray(headerSize);
  const size = Math.max(1, Math.ceil(content.length / count));
  return Array.from({ length: count }, (_, index) => {
    const bytes = content.subarray(index * size, (index + 1) * size);
    const fragment = new Uint8Array(headerSize + bytes.length);
    fragment.set(frame.subarray(0, headerSize));
    fragment.set(bytes, headerSize);
    fragment[offsets.type] =
      (index === 0 ? MessageType.request : MessageType.continuation) | ((count - 1) << 2);
    return { ...step, frame: fragment };
  });
}

/** Mutates the framing of the message that `steps` holds. @param other another message of the same VM. */
export function mutateFrames(steps: Step[], mutate: FrameMutation, other: Uint8Array, random: Random): void {
  const at = random.below(steps.length);
  const step = steps[at] as FrameStep;
  mutate({ steps, at, step, frame: step.frame, other, random });
}
