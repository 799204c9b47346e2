import { constants } from '../../schemas/index.js';
import type { World, WorldObserver } from './world.js';

/** One queue message of a world, as a capture holds it. */
export interface TapPacket {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly from: number;
  readonly to: number;
  readonly frame: Uint8Array;
  readonly comment: string | undefined;
}

/** Virtual time 0 in captures: 2023-11-14T22:13:20Z. */
export const CAPTURE_EPOCH_NS = 1_700_000_000n * 1_000_000_000n;

/** Words of comments that a replay understands (capture-steps.ts reads them). */
export const tapNotes = {
  /** Messages that wait on queues to VMs: `waiting 3:1 128:2`. */
  waiting: 'waiting',
  /** Messages that vanished from the queue to a VM: `lost 128:2`. */
  lost: 'lost',
  /** RM does not look at this message yet. */
  enqueued: 'enqueued',
} as const;

/**
 * Turns what happens in a world into packets of a capture: every queue message, in the order in which it was put on
 * a queue. What a replay cannot see from that (operations, messages that VMs had not taken yet, messages that
 * vanished) stands in the comment of the next packet.
 */
export class WorldTap {
  #notes: string[] = [];

  constructor(private readonly write: (packet: TapPacket) => void) {}

  /** Text for the comment of the next packet. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** An operation of vectors/README.md is about to happen. */
  operation(world: World, line: object): void {
    this.#noteWaiting(world);
    this.note(JSON.stringify(line));
  }

  /** The part of an observer that the tap needs. @param world the observed one. */
  observer(world: () => World): Pick<WorldObserver, 'put' | 'lost'> {
    return {
      lost: (vmid, count) => this.note(`${tapNotes.lost} ${vmid}:${count}`),
      put: (from, to, frame, enqueued) => {
        if (to === constants.VMID_RM) this.#noteWaiting(world());
        if (enqueued) this.note(tapNotes.enqueued);
        const comment = this.#notes.length === 0 ? undefined : this.#notes.join('\n');
        this.#notes = [];
        this.write({ time: CAPTURE_EPOCH_NS + BigInt(world().now), from, to, frame, comment });
      },
    };
  }

  #noteWaiting(world: World): void {
    const waiting = world.waiting().map(({ vmid, count }) => `${vmid}:${count}`);
    if (waiting.length > 0) this.note(`${tapNotes.waiting} ${waiting.join(' ')}`);
  }
}
