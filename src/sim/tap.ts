import { constants } from '../../schemas/index.js';
import { writeOperation } from '../machine/index.js';
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

/** First words of comments that say something to a replay (capture-steps.ts reads them). */
export const tapNotes = {
  /** Messages that wait on queues to VMs: `waiting 3:1 128:2`. */
  waiting: 'waiting',
  /** Messages that vanished from the queue to a VM: `lost 128:2`. */
  lost: 'lost',
  /** RM does not look at this message yet. */
  enqueued: 'enqueued',
  /** RM died because of the messages up to here: `panic vm_exit_not_running`. */
  panic: 'panic',
} as const;

/**
 * Turns what happens in a world into packets of a capture: every queue message, in the order in which it was put on
 * a queue. A replay needs more than that: operations, messages that VMs had not taken yet, messages that vanished. They
 * stand in the comment of the next packet.
 */
export class WorldTap {
  #notes: string[] = [];
  /** The newest packet. It is kept back because RM may die of it, which its comment must say. */
  #held: TapPacket | undefined;

  readonly #write: (packet: TapPacket) => void;

  constructor(write: (packet: TapPacket) => void) {
    this.#write = write;
  }

  /** Text for the comment of the next packet. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Writes the newest packet. Must be called after RM has handled it, and at the end. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#write(held);
  }

  /** The part of an observer that the tap needs. @param world the observed one. */
  observer(world: () => World): Pick<WorldObserver, 'put' | 'lost' | 'operation' | 'panic'> {
    return {
      operation: (operation) => {
        this.#noteWaiting(world());
        this.note(JSON.stringify(writeOperation(operation)));
      },
      lost: (vmid, count) => this.note(`${tapNotes.lost} ${vmid}:${count}`),
      panic: (reason) => {
        const held = this.#held;
        const note = `${tapNotes.panic} ${reason}`;
        if (held === undefined) this.note(note);
        else
          this.#held = { ...held, comment: held.comment === undefined ? note : `${held.comment}\n${note}` };
      },
      put: (from, to, frame, enqueued) => {
        if (to === constants.VMID_RM) this.#noteWaiting(world());
        if (enqueued) this.note(tapNotes.enqueued);
        const comment = this.#notes.length === 0 ? undefined : this.#notes.join('\n');
        this.#notes = [];
        this.flush();
        this.#held = { time: CAPTURE_EPOCH_NS + BigInt(world().now), from, to, frame, comment };
      },
    };
  }

  #noteWaiting(world: World): void {
    const waiting = world.waiting().map(({ vmid, count }) => `${vmid}:${count}`);
    if (waiting.length > 0) this.note(`${tapNotes.waiting} ${waiting.join(' ')}`);
  }
}
