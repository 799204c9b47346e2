import { constants } from '../../../schemas/index.js';
import { concatenated } from '../../base/bytes.js';
import { formatHex } from '../../base/hex.js';
import type { Fixture } from '../../golden/fixture.js';
import { MessageType, messageTypeNames } from '../../schema/index.js';
import { headerOf } from '../../target/index.js';
import type { PlayedSession } from '../play/play.js';

const { VMID_RM } = constants;

/** A file of a corpus. */
export interface CorpusFile {
  /** With its folder: `requests/VM_START.request.typical`. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Raw inputs, one per message: all its queue messages, headers included. All but the last one are 240 bytes long. Inputs
 * with the same bytes are kept once, under the first name.
 */
export class Corpus {
  readonly #files = new Map<string, CorpusFile>();

  get files(): readonly CorpusFile[] {
    return [...this.#files.values()];
  }

  addFixture({ name, part, frames }: Fixture): void {
    this.#add(`${part.type === 'reply' ? 'replies' : `${part.type}s`}/${name}`, frames);
  }

  /** Adds all messages of a session, in both directions. @param name start of their file names. */
  addSession(name: string, { steps, responses }: PlayedSession): void {
    const packets = steps.flatMap((step, index) => [
      ...(step.kind === 'frame' ? [{ from: step.from, to: VMID_RM, frame: step.frame }] : []),
      ...(responses[index]?.out ?? []).map((item) => ({ from: VMID_RM, ...item })),
    ]);
    for (const [index, { folder, frames }] of [...wholeMessages(packets)].entries())
      this.#add(`${folder}/${name}.${index + 1}`, frames);
  }

  #add(name: string, frames: readonly Uint8Array[]): void {
    const content = concatenated(frames);
    const key = formatHex(content);
    // Every fuzzer tries the empty input by itself.
    if (key !== '' && !this.#files.has(key)) this.#files.set(key, { name, content });
  }
}

interface Packet {
  readonly from: number;
  readonly to: number;
  readonly frame: Uint8Array;
}

/** Collects each message: its first queue message, and the continuations that follow on the same queue. */
function* wholeMessages(
  packets: Iterable<Packet>,
): Generator<{ folder: string; frames: readonly Uint8Array[] }> {
  const open = new Map<string, { folder: string; frames: Uint8Array[]; missing: number }>();
  for (const { from, to, frame } of packets) {
    const header = headerOf(frame);
    const queue = `${from} ${to}`;
    const before = open.get(queue);
    if (header?.type === MessageType.continuation && before !== undefined && before.missing > 0) {
      before.frames.push(frame);
      before.missing--;
      continue;
    }
    if (before !== undefined) yield before;
    open.set(queue, { folder: folderOf(header?.type), frames: [frame], missing: header?.fragments ?? 0 });
  }
  yield* open.values();
}

function folderOf(type: number | undefined): string {
  const name = type === undefined ? undefined : messageTypeNames[type];
  if (name === 'reply') return 'replies';
  return name === undefined ? 'malformed' : `${name}s`;
}
